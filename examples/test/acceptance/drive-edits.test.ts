import { assert, describe, it } from "@effect/vitest"
import { Pipeline } from "@sluice/core"
import { DriveStandIn, Edits } from "@sluice/testkit/drive"
import { Deferred, Effect } from "effect"
import * as Acceptance from "./drive.ts"

/** Edits in all; `DRIVE_EDITS=10000` for a long look. */
const total = Number(process.env["DRIVE_EDITS"] ?? 240)
const seeds = (process.env["DRIVE_SEEDS"] ?? "1,2,3").split(",")

describe("a folder in Drive that is edited between and during runs, some of which are broken off", () => {
  it.live.each(seeds)("is in the bucket as it is after the last run, seed %s", (seed) =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make({ seed, validateEvery: 10 })
      const mixpeek = yield* Acceptance.mixpeekStandIn({ validateEvery: 10 })
      const folder = yield* drive.createFolder("taken")
      const elsewhere = yield* drive.createFolder("elsewhere")
      yield* drive.seed({ files: 120, folders: 24, seed, parent: folder })
      yield* drive.seed({ files: 30, folders: 6, seed: `${seed} elsewhere`, parent: elsewhere })
      const edit = yield* Edits.make(drive, { folder, elsewhere, seed, weights: { createShortcut: 6 } })
      const pipeline = Acceptance.pipelineOf({ from: { folders: [folder] } }, Acceptance.withReaders)
      const memory = yield* Acceptance.ledger
      const done: Array<string> = []
      const run = Pipeline.run(pipeline, { confirmDeletes: true }).pipe(
        Effect.provide([memory, Acceptance.clients(drive, mixpeek)])
      )
      const edited = Effect.tap(edit, ({ description }) => Effect.sync(() => done.push(description)))
      /** Requests until the run is broken off. */
      let left = Number.POSITIVE_INFINITY
      let breakOff = yield* Deferred.make<void>()
      let during = true
      yield* drive.beforeRequest(() =>
        Effect.gen(function* () {
          if (during && done.length < total) yield* Effect.orDie(edited)
          if (left-- === 0) yield* Deferred.succeed(breakOff, undefined)
        })
      )
      for (let runs = 0; done.length < total; runs++) {
        breakOff = yield* Deferred.make<void>()
        left = runs % 3 === 0 ? 10 + ((runs * 37) % 60) : Number.POSITIVE_INFINITY
        yield* Effect.raceFirst(run, Deferred.await(breakOff))
        for (let i = 0; i < 20 && done.length < total; i++) yield* edited
      }
      during = false
      left = Number.POSITIVE_INFINITY
      const report = yield* run
      assert.strictEqual(report.ended, "complete")
      assert.deepStrictEqual(yield* Acceptance.arrived(mixpeek), yield* Acceptance.expected(drive, folder))
      assert.deepStrictEqual([yield* drive.violations, yield* mixpeek.violations], [[], []])
    }).pipe(Effect.scoped)
  )
})
