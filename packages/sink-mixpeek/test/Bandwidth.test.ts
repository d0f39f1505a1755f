import { assert, describe, it } from "@effect/vitest"
import { Storage } from "@sluice/sink-mixpeek"
import { Clock, Effect, Fiber, Redacted, Schema, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Bandwidth from "../src/limits/Bandwidth.ts"
import * as Fixtures from "./Fixtures.ts"

const chunk = (bytes: number) => new Uint8Array(bytes).fill(1)
const whole = (bytes: number, chunkBytes = bytes) =>
  Stream.fromIterable(Array.from({ length: bytes / chunkBytes }, () => chunk(chunkBytes)))
const ignore = () => {}

/** When each piece came through, and how long it was. */
const timesOf = Effect.fnUntraced(function* (content: Stream.Stream<Uint8Array>) {
  const came: Array<readonly [at: number, bytes: number]> = []
  yield* Stream.runForEach(content, (piece) =>
    Effect.map(Clock.currentTimeMillis, (at) => came.push([at, piece.length]))
  )
  return came
})

describe("a cap on bytes per second", () => {
  it.effect("lets pieces through one after the other, at its rate", () =>
    Effect.gen(function* () {
      const { cap } = Bandwidth.make()
      const fiber = yield* Effect.forkChild(timesOf(whole(5 * 65_536).pipe(cap(65_536)(ignore))))
      yield* TestClock.adjust("10 seconds")
      const came = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        came,
        [0, 1000, 2000, 3000, 4000].map((at) => [at, 65_536])
      )
    })
  )

  it.effect("is for all uploads together", () =>
    Effect.gen(function* () {
      const { cap } = Bandwidth.make()
      const upload = timesOf(whole(1_000_000, 10_000).pipe(cap(100_000)(ignore)))
      const fiber = yield* Effect.forkChild(Effect.all([upload, upload, upload], { concurrency: 3 }))
      yield* TestClock.adjust("60 seconds")
      const times = (yield* Fiber.join(fiber)).flat().map(([at]) => at)
      // The last piece of 3 MB leaves when those before it had their time.
      assert.strictEqual(Math.max(...times), 29_900)
      assert.isAtMost(times.filter((at) => at < 10_000).length, 100)
    })
  )

  it.effect.prop(
    "changes no bytes, whatever their chunks",
    { sizes: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))) },
    ({ sizes }) =>
      Effect.gen(function* () {
        const chunks = sizes.map((size, index) => new Uint8Array(size).fill(index))
        const { cap } = Bandwidth.make()
        const pieces = yield* Stream.fromIterable(chunks).pipe(cap(1e12)(ignore), Stream.runCollect, Fixtures.elapsing)
        assert.isTrue(Buffer.concat(pieces).equals(Buffer.concat(chunks)))
        for (const { length } of pieces) assert.isAtMost(length, 65_536)
      })
  )

  it.effect("reads no more than the next chunk while it waits", () =>
    Effect.gen(function* () {
      let read = 0
      const content = Stream.tap(whole(10_000_000, 100_000), () => Effect.sync(() => read++))
      const fiber = yield* Effect.forkChild(timesOf(content.pipe(Bandwidth.make().cap(10_000)(ignore))))
      yield* TestClock.adjust("5 seconds")
      assert.isAtMost(read, 2)
      yield* Fiber.interrupt(fiber)
    })
  )

  it.effect("is no silence of the storage, however long a piece waits", () =>
    Effect.gen(function* () {
      let received = 0
      const http = HttpClient.make((request) =>
        Effect.gen(function* () {
          if (request.body._tag === "Stream") {
            yield* Stream.runForEach(request.body.stream, (piece) => Effect.sync(() => (received += piece.length)))
          }
          return HttpClientResponse.fromWeb(request, new Response(null, { status: 200 }))
        }).pipe(Effect.orDie)
      )
      const fiber = yield* Effect.forkChild(
        Storage.put(
          http,
          {
            url: Redacted.make("https://storage.example/k"),
            contentType: "text/plain",
            bytes: 655_360,
            content: whole(655_360)
          },
          false,
          Bandwidth.make().cap(1024 / 4)
        )
      )
      for (let minute = 0; minute < 60; minute++) yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual(received, 655_360)
    })
  )
})
