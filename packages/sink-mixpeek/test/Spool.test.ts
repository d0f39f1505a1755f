import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema, Scope, Stream } from "effect"
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Spool from "../src/delivery/Spool.ts"

/** A folder that is gone with the scope. */
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Where descriptors of this process are links to what is open. */
const descriptors = "/proc/self/fd"

/** Open files of this process that were in the folder. */
const openIn = (path: string): ReadonlyArray<string> =>
  (existsSync(descriptors) ? readdirSync(descriptors) : []).flatMap((fd) => {
    try {
      return readlinkSync(join(descriptors, fd)).startsWith(path) ? [join(descriptors, fd)] : []
    } catch {
      // The listing's own is closed by now.
      return []
    }
  })

const collected = (content: Stream.Stream<Uint8Array>) =>
  Effect.map(Stream.runCollect(content), (chunks) => Buffer.concat(chunks).toString("latin1"))

describe("Spool", () => {
  it.effect.prop(
    "gives the bytes that were written, as often as it is asked",
    { chunks: Schema.Array(Schema.String) },
    ({ chunks }) =>
      Effect.gen(function* () {
        const bytes = chunks.map((text) => Buffer.from(text))
        const whole = Buffer.concat(bytes).toString("latin1")
        const spooled = yield* Spool.write(Stream.fromIterable(bytes), { folder: yield* folder, maxBytes: 1e6 })
        assert.strictEqual(spooled?.bytes, whole.length)
        for (const _ of [1, 2]) assert.strictEqual(yield* collected(spooled?.content ?? Stream.empty), whole)
      }).pipe(Effect.scoped)
  )

  it.effect("gives content that is longer than what is read at a time", () =>
    Effect.gen(function* () {
      const chunk = Buffer.from("0123456789abcde".repeat(5000))
      const spooled = yield* Spool.write(
        Stream.fromIterable([chunk, chunk, chunk, chunk, chunk, chunk, chunk, chunk]),
        {
          folder: yield* folder,
          maxBytes: 8 * chunk.length
        }
      )
      const expected = chunk.toString("latin1").repeat(8)
      assert.isTrue((yield* collected(spooled?.content ?? Stream.empty)) === expected)
    })
  )

  it.effect("is undefined where there is more than the limit, and reads no further", () =>
    Effect.gen(function* () {
      const content = Stream.concat(Stream.make(Buffer.from("12345"), Buffer.from("6")), Stream.die("read"))
      assert.isUndefined(yield* Spool.write(content, { folder: yield* folder, maxBytes: 5 }))
    })
  )

  it.effect.skipIf(!existsSync(descriptors))(
    "waits in a file without a name that only its owner can read, which goes when its scope closes",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        const scope = yield* Scope.make()
        yield* Spool.write(Stream.make(Buffer.from("secret")), { folder: path, maxBytes: 100 }).pipe(
          Scope.provide(scope)
        )
        assert.deepStrictEqual(readdirSync(path), [])
        const [open, ...others] = openIn(path)
        assert.deepStrictEqual(others, [])
        const stats = statSync(open ?? "")
        assert.deepStrictEqual([stats.mode & 0o777, stats.nlink, stats.size], [0o600, 0, 6])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(openIn(path), [])
      })
  )

  it.effect.each(["fails", "dies"] as const)("leaves nothing where its content %s", (how) =>
    Effect.gen(function* () {
      const path = yield* folder
      const end = how === "fails" ? Stream.fail("broken") : Stream.die("broken")
      const content = Stream.concat(Stream.make(Buffer.from("half")), end)
      const exit = yield* Effect.exit(Effect.scoped(Spool.write(content, { folder: path, maxBytes: 100 })))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual([readdirSync(path), openIn(path)], [[], []])
    })
  )

  it.effect("says which folder it is where nothing can be written", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Spool.write(Stream.empty, { folder: "/nowhere/at/all", maxBytes: 1 }))
      assert.strictEqual(error.message, "content of unknown length cannot wait in /nowhere/at/all (ENOENT)")
    })
  )
})
