/** A folder of this machine as a source: its regular files, by their path. Explained in docs/writing-a-source.md. */
import { Change, Check, Source, type SourceFile } from "@sluice/core"
import { Array as Arr, DateTime, Effect, flow, Option, Stream } from "effect"
import { type BigIntStats, constants } from "node:fs"
import { lstat, open, readdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"

const mimeTypes = new Map(Object.entries({ jpg: "image/jpeg", pdf: "application/pdf", txt: "text/plain" }))
const pageSize = 100
/** A link or a pipe that took a file's place is not followed, and not waited for. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

// #region identity
const isFile = (stats: BigIntStats): boolean => stats.isFile()
const tokenOf = (stats: BigIntStats): string => [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join("-")
const fileOf = (root: string, path: string, stats: BigIntStats): SourceFile.SourceFile => ({
  id: path,
  token: tokenOf(stats),
  uri: pathToFileURL(join(root, path)).href,
  path,
  size: Number(stats.size),
  mimeType: mimeTypes.get(path.slice(path.lastIndexOf(".") + 1).toLowerCase()) ?? "application/octet-stream",
  modifiedAt: DateTime.fromDateUnsafe(stats.mtime),
  attributes: {}
})
// #endregion

// #region errors
const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "unknown"

const reasonOf = (kind: "file" | "folder", code: string): Source.SourceErrorReason => {
  if (code === "ENOENT" || code === "ENOTDIR") return kind === "file" ? new Source.Gone() : new Source.Missing()
  if (code === "EACCES" || code === "EPERM") return kind === "file" ? new Source.Denied() : new Source.Unauthorized()
  return code === "ELOOP" ? new Source.Changed() : new Source.Unavailable()
}
// #endregion

/** A folder as a source. A plain value: nothing is opened before it is asked for something. */
export const make = (folder: string): Source.Source => {
  const root = resolve(folder)
  const name = `folder:${folder}`
  const failed = (operation: string, path: string, reason: Source.SourceErrorReason, message: string) =>
    new Source.SourceError({ source: name, operation, reason, message: `${join(folder, path)}: ${message}` })
  const call = <A>(operation: string, kind: "file" | "folder", path: string, run: () => Promise<A>) =>
    Effect.mapError(Effect.tryPromise(run), ({ cause }) => {
      const code = codeOf(cause)
      return failed(operation, path, reasonOf(kind, code), `${code}; see that it is there and that you may read it`)
    })

  // #region stat
  const stateOf = (path: string): Effect.Effect<Option.Option<BigIntStats>, Source.SourceError> =>
    call("lstat", "file", path, () => lstat(join(root, path), { bigint: true })).pipe(
      Effect.asSome,
      Effect.catchReason("SourceError", "Gone", () => Effect.succeedNone)
    )

  const stat: Source.Source["stat"] = ({ path }) =>
    Effect.map(
      stateOf(path),
      flow(
        Option.filter(isFile),
        Option.map((stats) => fileOf(root, path, stats))
      )
    )
  // #endregion

  // #region sweep
  const list = (path: string) =>
    call("readdir", "folder", path, () => readdir(join(root, path), { withFileTypes: true })).pipe(
      // A folder that goes away while the sweep goes on is no error; the root itself must be there.
      Effect.catchReason("SourceError", "Missing", (_, e) => (path === "" ? Effect.fail(e) : Effect.succeed([]))),
      Effect.map((entries) => entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    )

  /** Every path that comes after the cursor's segments, in an order that does not change. */
  const walk = (
    folder: string,
    [first = "", ...rest]: ReadonlyArray<string>,
    wanted: (path: string, isFolder: boolean) => boolean
  ): Stream.Stream<string, Source.SourceError> =>
    Stream.fromIterableEffect(list(folder)).pipe(
      Stream.flatMap((entry) => {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`
        if (entry.name < first || !wanted(path, entry.isDirectory())) return Stream.empty
        if (entry.isDirectory()) return walk(path, entry.name === first ? rest : [], wanted)
        return entry.name === first && rest.length === 0 ? Stream.empty : Stream.succeed(path)
      })
    )

  const changeOf = (path: string) => (stats: BigIntStats) => {
    const file = fileOf(root, path, stats)
    if (isFile(stats)) return Change.Change.cases.Upsert.make({ file })
    const message = "a symbolic link, a pipe or a device; put the file itself in its place"
    return Change.Change.cases.Skip.make({ file, reason: { code: "not-a-file", message } })
  }

  const sweep: Source.Source["sweep"] = ({ pathPrefixes, resume }) => {
    const cursor = resume.find(({ range }) => range === "")?.cursor
    const wanted = (path: string, isFolder: boolean) =>
      pathPrefixes.some((prefix) => path.startsWith(prefix) || (isFolder && prefix.startsWith(`${path}/`)))
    return walk("", cursor?.split("/") ?? [], wanted).pipe(
      Stream.mapEffect((path) => Effect.map(stateOf(path), Option.map(changeOf(path))), { concurrency: 16 }),
      Stream.map(Option.toArray),
      Stream.flattenIterable,
      Stream.grouped(pageSize),
      Stream.map((changes) => ({ range: "", cursor: Change.Cursor.make(Arr.lastNonEmpty(changes).file.path), changes }))
    )
  }
  // #endregion

  // #region read
  const read: Source.Source["read"] = ({ path, token }) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const handle = yield* Effect.acquireRelease(
          call("open", "file", path, () => open(join(root, path), flags)),
          (handle) => Effect.promise(() => handle.close())
        )
        const unchanged = Effect.filterOrFail(
          call("fstat", "file", path, () => handle.stat({ bigint: true })),
          (stats) => tokenOf(stats) === token,
          () => failed("read", path, new Source.Changed(), "changed after it was listed; take it again")
        )
        const next = Effect.fnUntraced(function* (at: number) {
          const buffer = Buffer.allocUnsafe(64 * 1024)
          const { bytesRead } = yield* call("read", "file", path, () => handle.read(buffer, 0, buffer.length, at))
          const more = bytesRead === 0 ? Option.none() : Option.some(at + bytesRead)
          return [[buffer.subarray(0, bytesRead)], more] as const
        })
        yield* unchanged
        return Stream.concat(Stream.paginate(0, next), Stream.drain(Stream.fromEffect(unchanged)))
      })
    )
  // #endregion

  // #region check
  const check: Source.Source["check"] = list("").pipe(
    Effect.map((entries) => [Check.ok("folder", `${folder} can be read and has ${entries.length} entries`)]),
    Effect.catchIf(
      ({ stopsRun }) => stopsRun,
      ({ message }) => Effect.succeed([Check.error("folder", message, "Name a folder that this process may read")])
    )
  )
  // #endregion

  return { name, check, sweep, follow: Option.none(), read, stat, link: () => Option.none() }
}
