/**
 * What every source must do. A connector's test calls `sourceContract` with a store of its own behind it:
 *
 * ```ts
 * sourceContract("S3", fixture)
 * ```
 */
import { assert, describe, it } from "@effect/vitest"
import { type Change, type Source, type SourceFile } from "@sluice/core"
import { Duration, Effect, type Layer, Option, Redacted, type Scope, Stream } from "effect"
import { HttpClient } from "effect/http"

/** A store with some files, and the source that reads it. */
export interface SourceFixture<R> {
  readonly source: Source.Source<R>
  /** All files the source must say, at least 30, with what must be read from them. Paths are distinct. */
  readonly files: ReadonlyArray<{ readonly path: string; readonly bytes: Uint8Array }>
  /** Other bytes at the same path. */
  readonly replace: (path: string, bytes: Uint8Array) => Effect.Effect<void>
  readonly remove: (path: string) => Effect.Effect<void>
}

const everything: Source.SweepOptions = { resume: [], attributes: new Set(), pathPrefixes: [""] }

const pagesOf = <R>(source: Source.Source<R>, options: Partial<Source.SweepOptions> = {}) =>
  Stream.runCollect(source.sweep({ ...everything, ...options }))

const filesOf = (pages: ReadonlyArray<Change.Page>): ReadonlyArray<SourceFile.SourceFile> =>
  pages.flatMap((page) => page.changes.flatMap((change) => (change._tag === "Upsert" ? [change.file] : [])))

const paths = (files: ReadonlyArray<{ readonly path: string }>) => files.map((file) => file.path).toSorted()

/** The last cursor of each range among these pages: what a ledger would have stored. */
const cursorsOf = (pages: ReadonlyArray<Change.Page>): ReadonlyArray<Change.RangeCursor> => {
  const cursors = new Map<string, Change.Cursor>()
  for (const page of pages) cursors.set(page.range, page.cursor)
  return Array.from(cursors, ([range, cursor]) => ({ range, cursor }))
}

const bytesOf = <E, R>(stream: Stream.Stream<Uint8Array, E, R>) =>
  Effect.map(Stream.runCollect(stream), (chunks) => new Uint8Array(Buffer.concat(chunks)))

/**
 * Registers the suite. Each test makes a fixture of its own, so that tests may change the store.
 */
export const sourceContract = <R, E>(
  name: string,
  fixture: Effect.Effect<SourceFixture<R>, E, R | Scope.Scope>,
  layer: Layer.Layer<R | HttpClient.HttpClient, E>
): void => {
  const test = (
    title: string,
    body: (
      fixture: SourceFixture<R>,
      first: SourceFile.SourceFile
    ) => Effect.Effect<void, unknown, R | HttpClient.HttpClient | Scope.Scope>
  ) =>
    it.live(title, () =>
      Effect.gen(function* () {
        const made = yield* fixture
        const [first] = filesOf(yield* pagesOf(made.source)).filter((file) => (file.size ?? 1) > 0)
        if (first === undefined) return assert.fail("the fixture has no file with bytes in it")
        return yield* body(made, first)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

  describe(`${name} keeps the contract of sources:`, () => {
    test("a sweep says every file once, each with an identity and an address of its own", ({ files, source }) =>
      Effect.gen(function* () {
        const found = filesOf(yield* pagesOf(source))
        assert.deepStrictEqual(paths(found), paths(files))
        assert.strictEqual(new Set(found.map((file) => file.id)).size, files.length)
        assert.strictEqual(new Set(found.map((file) => file.uri)).size, files.length)
        for (const file of found) assert.doesNotThrow(() => new URL(file.uri))
      }))

    test("a second sweep says the same files in the same states", ({ source }) =>
      Effect.gen(function* () {
        const states = (pages: ReadonlyArray<Change.Page>) =>
          filesOf(pages)
            .map((file) => `${file.id} ${file.token}`)
            .toSorted()
        assert.deepStrictEqual(states(yield* pagesOf(source)), states(yield* pagesOf(source)))
      }))

    test("a sweep goes on from the cursors of any earlier moment without losing a file", ({ files, source }) =>
      Effect.gen(function* () {
        const pages = yield* pagesOf(source)
        for (let settled = 0; settled <= pages.length; settled += Math.max(1, Math.floor(pages.length / 8))) {
          const before = pages.slice(0, settled)
          const after = yield* pagesOf(source, { resume: cursorsOf(before) })
          assert.deepStrictEqual([...new Set(paths([...filesOf(before), ...filesOf(after)]))], paths(files))
        }
      }))

    test("a sweep that was complete says nothing again when it goes on from its last cursors", ({ source }) =>
      Effect.gen(function* () {
        const again = yield* pagesOf(source, { resume: cursorsOf(yield* pagesOf(source)) })
        assert.deepStrictEqual(filesOf(again), [])
      }))

    test("a sweep that is asked for the beginning of a path leaves out no file with it", ({ source }, first) =>
      Effect.gen(function* () {
        const prefix = first.path.slice(0, Math.ceil(first.path.length / 2))
        const expected = filesOf(yield* pagesOf(source)).filter((file) => file.path.startsWith(prefix))
        const found = new Set(filesOf(yield* pagesOf(source, { pathPrefixes: [prefix] })).map((file) => file.id))
        assert.isTrue(expected.every((file) => found.has(file.id)))
      }))

    test("the bytes read are the file's, and as many as announced", ({ files, source }) =>
      Effect.gen(function* () {
        const expected = new Map(files.map((file) => [file.path, file.bytes]))
        for (const file of filesOf(yield* pagesOf(source))) {
          const bytes = yield* bytesOf(source.read(file))
          assert.deepStrictEqual(bytes, expected.get(file.path))
          assert.strictEqual(file.size ?? bytes.length, bytes.length)
        }
      }))

    test("reading may be ended early, over and over, without running out of connections", ({ source }, first) =>
      Effect.forEach(
        Array.from({ length: 200 }),
        () => Stream.runHead(Stream.take(source.read(first), 1)).pipe(Effect.timeout("10 seconds")),
        { concurrency: 16, discard: true }
      ))

    test("a file is found as it is now, under the same identity", ({ source }, first) =>
      Effect.gen(function* () {
        const now = yield* source.stat(first)
        assert.strictEqual(Option.getOrThrow(now).id, first.id)
        assert.strictEqual(Option.getOrThrow(now).token, first.token)
      }))

    test("a file that was replaced has another token, and is not read in its old state", ({ replace, source }, first) =>
      Effect.gen(function* () {
        yield* replace(first.path, new TextEncoder().encode("something else entirely"))
        const failure = yield* Effect.flip(Stream.runDrain(source.read(first)))
        assert.strictEqual(failure.reason._tag, "Changed")
        const now = Option.getOrThrow(yield* source.stat(first))
        assert.strictEqual(now.id, first.id)
        assert.notStrictEqual(now.token, first.token)
        yield* Stream.runDrain(source.read(now))
      }))

    test("a file that was deleted is gone: for reading, and when asked for", ({ remove, source }, first) =>
      Effect.gen(function* () {
        yield* remove(first.path)
        const failure = yield* Effect.flip(Stream.runDrain(source.read(first)))
        assert.strictEqual(failure.reason._tag, "Gone")
        assert.isTrue(Option.isNone(yield* source.stat(first)))
        assert.isFalse(filesOf(yield* pagesOf(source)).some((file) => file.id === first.id))
      }))

    test("a presigned address, where there is one, gives the bytes to anybody", ({ files, source }, first) =>
      Effect.gen(function* () {
        const link = source.link(first)
        if (Option.isNone(link)) return
        const { presigned, presignedAll } = link.value
        const addresses = [Redacted.value(yield* presigned(first, Duration.minutes(10)))]
        if (presignedAll !== undefined) {
          addresses.push(...Redacted.value(yield* presignedAll([first, first], Duration.minutes(10))))
          assert.lengthOf(addresses, 3)
        }
        for (const address of addresses) {
          const response = yield* HttpClient.get(address)
          const bytes = new Uint8Array(yield* response.arrayBuffer)
          assert.deepStrictEqual(bytes, files.find((file) => file.path === first.path)?.bytes)
        }
      }))

    test("its check finds no error", ({ source }) =>
      Effect.gen(function* () {
        const findings = yield* source.check
        assert.deepStrictEqual(
          findings.filter((finding) => finding.severity === "error"),
          []
        )
      }))
  })
}
