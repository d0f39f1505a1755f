import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { names } from "./fakes/following.ts"
import { settled } from "./fakes/settled.ts"

describe("a run that is stopped while it writes", () => {
  it.effect("lets no cursor pass what was not written: files that were named are not taken for gone", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      let delay = 0
      // A database takes its time.
      const slow = Ledger.Ledger.of({
        ...ledger,
        open: (run) =>
          Effect.map(ledger.open(run), (book) => ({
            ...book,
            settle: (settlement) => Effect.suspend(() => Effect.delay(book.settle(settlement), delay))
          }))
      })
      const { removals, sink } = FakeSink.make({
        limits: { maxRecords: 1 },
        reply: (batch) => Effect.delay(Effect.succeed(batch.map(({ key }) => FakeSink.created(key))), "5 seconds")
      })
      const pipelineOver = (...pages: ReadonlyArray<ReadonlyArray<string>>) =>
        Pipeline.make({
          name: "p",
          source: FakeSource.make({
            pages: Stream.fromIterable(FakeSource.pages("a", ...pages.map((ids) => names(...ids))))
          }).source,
          map: Mapping.make((one) => one.path),
          sink,
          deletes: "propagate"
        })
      const run = (pipeline: Pipeline.Pipeline) =>
        settled(Effect.provideService(Pipeline.run(pipeline), Ledger.Ledger, slow))
      yield* run(pipelineOver(["known"]))
      delay = 1000
      const pages = [["new"], ["known"], ["last"]]
      const stopped = yield* Effect.scoped(
        Effect.gen(function* () {
          const started = yield* Effect.provideService(Pipeline.start(pipelineOver(...pages)), Ledger.Ledger, slow)
          // The new file is on its way, and it is being written that the known one was named.
          for (let i = 0; i < 15; i++) yield* TestClock.adjust("100 millis")
          return yield* settled(started.stop)
        })
      )
      assert.deepStrictEqual([stopped.ended, stopped.created], ["stopped", 1])
      const report = yield* run(pipelineOver(...pages))
      assert.deepStrictEqual([report.ended, report.removed, removals], ["complete", 0, []])
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )
})
