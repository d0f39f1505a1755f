import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import * as Body from "../src/Body.ts"
import * as Source from "../src/Source.ts"

const whole = Buffer.from("the quick brown fox jumps over the lazy dog")

const retry = {
  base: Duration.millis(1),
  cap: Duration.millis(1),
  maxAttempts: 5,
  maxElapsed: Duration.seconds(1)
}

/** A store whose connections give so many bytes each, and then break; the last number goes on for ever. */
const store = (
  gives: ReadonlyArray<number>,
  over: Partial<Body.Opened> & { readonly wrong?: boolean; readonly silent?: boolean } = {}
) => {
  const offsets: Array<number> = []
  const read = Body.read({
    size: whole.length,
    retry,
    store: "the store",
    fail: (reason, message) =>
      new Source.SourceError({ source: "fake", operation: "read", reason, message: `a.txt: ${message}` }),
    open: (offset) =>
      Effect.sync(() => {
        const much = gives[Math.min(offsets.length, gives.length - 1)] ?? 0
        offsets.push(offset)
        const bytes = whole.subarray(offset, offset + much)
        const said = over.wrong === true ? Buffer.alloc(bytes.length) : bytes
        const broken = offset + much < whole.length
        const end = over.silent === true ? Stream.never : Stream.fail(new Body.Broken({ code: "ECONNRESET" }))
        return {
          bytes: Body.watched(
            broken ? Stream.concat(Stream.make<[Uint8Array]>(said), end) : Stream.make<[Uint8Array]>(said)
          ),
          resumed: true,
          size: whole.length,
          expected: {
            checksum: { algorithm: "md5" as const, value: createHash("md5").update(whole).digest("hex") },
            digest: Body.digest("md5")
          },
          ...over
        }
      })
  })
  const text = Effect.map(Stream.runCollect(read), (chunks) => Buffer.concat(chunks).toString())
  return { offsets, text }
}

const settled = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let i = 0; i < 20; i++) yield* TestClock.adjust("20 seconds")
    return yield* Fiber.join(fiber)
  })

describe("Body.read", () => {
  it.effect("goes on where a connection broke, and verifies the whole", () =>
    Effect.gen(function* () {
      const { offsets, text } = store([10, 5, 100])
      assert.strictEqual(yield* settled(text), whole.toString())
      assert.deepStrictEqual(offsets, [0, 10, 15])
    })
  )

  it.effect("does not take a body that stalls for one that goes on", () =>
    Effect.gen(function* () {
      const { offsets, text } = store([10, 100], { silent: true })
      assert.strictEqual(yield* settled(text), whole.toString())
      assert.deepStrictEqual(offsets, [0, 10])
    })
  )

  it.effect("gives up after four connections in a row without a byte, and says how far it came", () =>
    Effect.gen(function* () {
      const { offsets, text } = store([10, 0])
      const error = yield* Effect.flip(settled(text))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, "10 of 43 bytes")
      assert.strictEqual(offsets.length, 5)
    })
  )

  it.effect("says that the file cannot be resumed where the server begins anew", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(settled(store([10, 100], { resumed: false }).text))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, "does not resume by Range")
    })
  )

  it.effect("finds bytes that are not those of the checksum", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(settled(store([100], { wrong: true }).text))
      assert.strictEqual(error.reason._tag, "Corrupt")
      assert.include(error.message, "do not match the md5 that the store keeps")
    })
  )

  it.effect("finds a length that is not the one of the listing, before a byte is handed over", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(settled(store([100], { size: 7 }).text))
      assert.strictEqual(error.reason._tag, "Corrupt")
      assert.include(error.message, "the store announces 7 bytes, its listing said 43")
    })
  )
})
