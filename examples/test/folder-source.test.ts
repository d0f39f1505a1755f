import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import type { Change, Source } from "@sluice/core"
import { sourceContract } from "@sluice/testkit/source-contract"
import { Effect, Stream } from "effect"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as FolderSource from "../folder-source.ts"

/** Three pages, in folders whose order is not that of the paths as text. */
const contents = Array.from({ length: 250 }, (_, i) => ({
  path: `${["a/b/c", "a", "a.b", "ü 漢字/%+?#", "x\ny"][i % 5]}/${i}.txt`,
  bytes: new TextEncoder().encode(`file ${i} `.repeat(i % 50))
}))

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "folder-source-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const write = (root: string) => (path: string, bytes: Uint8Array) =>
  Effect.promise(async () => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), bytes)
  })

// #region contract
sourceContract(
  "A folder",
  Effect.gen(function* () {
    const root = yield* folder
    yield* Effect.forEach(contents, ({ bytes, path }) => write(root)(path, bytes), { discard: true })
    return {
      source: FolderSource.make(root),
      files: contents,
      replace: write(root),
      remove: (path: string) => Effect.promise(() => rm(join(root, path)))
    }
  }),
  NodeHttpClient.layerUndici
)
// #endregion

const everything: Source.SweepOptions = { resume: [], attributes: new Set(), pathPrefixes: [""] }

const changesOf = (root: string): Effect.Effect<ReadonlyArray<Change.Change>, Source.SourceError> =>
  Effect.map(Stream.runCollect(FolderSource.make(root).sweep(everything)), (pages) =>
    pages.flatMap(({ changes }) => changes)
  )

describe("FolderSource", () => {
  it.live("skips symbolic links, with a reason, and does not follow them", () =>
    Effect.gen(function* () {
      const root = yield* folder
      yield* write(root)("real.txt", new Uint8Array(3))
      yield* Effect.promise(() => symlink(root, join(root, "loop")))
      const changes = yield* changesOf(root)
      assert.deepStrictEqual(
        changes.map((change) => change._tag),
        ["Skip", "Upsert"]
      )
    })
  )

  it.live("reads a file that has become a symbolic link as changed", () =>
    Effect.gen(function* () {
      const root = yield* folder
      yield* write(root)("a.txt", new Uint8Array(3))
      const [change] = yield* changesOf(root)
      if (change?._tag !== "Upsert") return assert.fail("nothing was listed")
      yield* Effect.promise(async () => {
        await rm(join(root, "a.txt"))
        await symlink("/etc/hostname", join(root, "a.txt"))
      })
      const error = yield* Effect.flip(Stream.runDrain(FolderSource.make(root).read(change.file)))
      assert.strictEqual(error.reason._tag, "Changed")
    })
  )

  it.live("fails where the folder is not there, and its check says what to do", () =>
    Effect.gen(function* () {
      const missing = join(yield* folder, "missing")
      const error = yield* Effect.flip(changesOf(missing))
      assert.strictEqual(error.reason._tag, "Missing")
      const [finding] = yield* FolderSource.make(missing).check
      assert.strictEqual(finding?.severity, "error")
      assert.include(finding?.message, "ENOENT")
    })
  )
})
