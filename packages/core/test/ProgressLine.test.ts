import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Sink, Stdio, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Run } from "../src/Pipeline.ts"
import { Event, type Snapshot } from "../src/Progress.ts"
import * as ProgressLine from "../src/ProgressLine.ts"

const snapshot = (over: Partial<Snapshot> = {}): Snapshot => ({
  pipeline: "photos",
  seconds: 10,
  listed: 20_000,
  listingEnded: true,
  discovered: 12_303,
  created: 12_300,
  updated: 0,
  unchanged: 0,
  filtered: 0,
  skipped: 0,
  rejected: 3,
  removed: 0,
  bytes: 0,
  ...over
})

/** Follows a run that ends when told, and gives what was written. */
const follow = Effect.fnUntraced(function* (isTerminal: boolean) {
  const written: Array<string> = []
  const ended = yield* Deferred.make<void>()
  const run: Run = {
    id: "r",
    progress: Stream.fromEffect(Effect.as(Deferred.await(ended), Event.cases.ListingEnded.make({}))),
    snapshot: Effect.succeed(snapshot()),
    stop: Effect.never,
    result: Effect.never
  }
  const stdio = Stdio.layerTest({
    stderrIsTerminal: Effect.succeed(isTerminal),
    stderr: () => Sink.forEach((text) => Effect.sync(() => written.push(String(text))))
  })
  const fiber = yield* Effect.forkChild(ProgressLine.follow(run).pipe(Effect.provide(stdio)))
  return { written, end: Effect.andThen(Deferred.succeed(ended, undefined), Fiber.join(fiber)) }
})

describe("the progress line", () => {
  it("shows counts, rate and the time that is left", () => {
    assert.strictEqual(
      ProgressLine.render(snapshot(), 950.4),
      "photos: 12,303 of 20,000 files, 950/s, 9 s left; created 12,300, rejected 3"
    )
  })

  it("knows no time that is left while the listing goes on", () => {
    assert.strictEqual(
      ProgressLine.render(snapshot({ listingEnded: false, rejected: 0 }), 3.25),
      "photos: 12,303 of 20,000+ files, 3.3/s; created 12,300"
    )
  })

  it("says long times in minutes and hours", () => {
    assert.include(ProgressLine.render(snapshot({ listed: 12_303 + 125 }), 1), "2 min 5 s left")
    assert.include(ProgressLine.render(snapshot({ listed: 12_303 + 7260 }), 1), "2 h 1 min left")
  })

  it("has no rate before time has passed", () => {
    assert.strictEqual(ProgressLine.rateOf({ seconds: 1, discovered: 5 }, { seconds: 1, discovered: 9 }), 0)
  })

  it.effect("renews itself four times a second on a terminal, and leaves a whole line behind", () =>
    Effect.gen(function* () {
      const { end, written } = yield* follow(true)
      yield* TestClock.adjust("1 second")
      assert.isTrue(written.length >= 3 && written.length <= 4)
      assert.isTrue(written.every((text) => text.startsWith("\r") && !text.includes("\n")))
      yield* end
      assert.strictEqual(written.at(-1), "\n")
    })
  )

  it.effect("writes a line every ten seconds where there is no terminal", () =>
    Effect.gen(function* () {
      const { end, written } = yield* follow(false)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(written, [])
      yield* TestClock.adjust("21 seconds")
      assert.strictEqual(written.length, 3)
      yield* end
      assert.strictEqual(written.length, 4)
      assert.isTrue(written.every((text) => text.endsWith("\n") && !text.includes("\r")))
    })
  )
})
