/** What two processes do with one ledger; for any that processes can share. */
import { assert, describe, it } from "@effect/vitest"
import type { Ledger } from "@sluice/core"
import { Deferred, Effect, type Layer, Schedule, type Scope } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { ledger } from "./ledger.ts"

const lease = 2000
const worker = fileURLToPath(new URL("worker.ts", import.meta.url))

/** Starts one that works on the pipeline. */
const start = Effect.fnUntraced(function* (where: string) {
  const ended = yield* Deferred.make<{ readonly code: number | null; readonly said: string }>()
  const working = yield* Deferred.make<void>()
  const settled: Array<string> = []
  let said = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [worker], {
        env: { LEDGER: where, LEASE: String(lease) },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (one) =>
      Effect.sync(() => {
        one.kill("SIGKILL")
      })
  )
  let rest = ""
  child.stdout.on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n")
    rest = lines.pop() ?? ""
    settled.push(...lines)
    Deferred.doneUnsafe(working, Effect.void)
  })
  child.stderr.on("data", (chunk) => (said += String(chunk)))
  child.on("close", (code) => {
    Deferred.doneUnsafe(ended, Effect.succeed({ code, said }))
    Deferred.doneUnsafe(working, Effect.die(new Error(`ended before it worked: ${said}`)))
  })
  return {
    pid: child.pid,
    settled,
    working: Deferred.await(working),
    ended: Deferred.await(ended),
    kill: Effect.suspend(() => {
      child.kill("SIGKILL")
      return Deferred.await(ended)
    })
  }
})

export const processes = <E>(
  name: string,
  where: Effect.Effect<string, unknown, Scope.Scope>,
  layer: (where: string, lease: number) => Layer.Layer<Ledger.Ledger, E>
): void => {
  describe(name, () => {
    it.live("lets one process work, and tells another one who that is", () =>
      Effect.gen(function* () {
        const place = yield* where
        const first = yield* start(place)
        yield* first.working
        const second = yield* start(place)
        const { code, said } = yield* second.ended
        assert.strictEqual(code, 3, said)
        assert.include(said, "another run of photos is at work")
        assert.include(said, `:${first.pid},`)
        assert.deepStrictEqual(second.settled, [])
        const before = first.settled.length
        yield* Effect.sync(() => first.settled.length).pipe(
          Effect.repeat({ schedule: Schedule.spaced("10 millis"), while: (now) => now === before })
        )
      })
    )

    it.live("has one that works where four begin at the same time with a ledger that is not there yet", () =>
      Effect.gen(function* () {
        const place = yield* where
        const all = yield* Effect.all([start(place), start(place), start(place), start(place)])
        const first = yield* Effect.raceAll(all.map((one) => Effect.as(one.working, one)))
        const others = yield* Effect.forEach(
          all.filter((one) => one !== first),
          (one) => one.ended
        )
        assert.deepStrictEqual(
          others.map(({ code, said }) => [code, code === 3 ? "" : said]),
          [
            [3, ""],
            [3, ""],
            [3, ""]
          ]
        )
      })
    )

    it.live("takes over within two leases after one was killed, and has everything that one settled", () =>
      Effect.gen(function* () {
        const place = yield* where
        const own = yield* ledger(layer(place, lease))
        const first = yield* start(place)
        yield* first.working
        yield* first.kill
        const book = yield* own.open({ pipeline: "photos", runId: "next" }).pipe(
          Effect.retry({
            schedule: Schedule.spaced("50 millis"),
            while: ({ reason }: Ledger.LedgerError) => reason._tag === "Held"
          }),
          Effect.timeout(2 * lease)
        )
        const known = yield* book.known(first.settled)
        assert.deepStrictEqual([...known.keys()].toSorted(), first.settled.toSorted())
        // One that was on its way is open, or was settled before anybody heard of it.
        assert.isAtMost((yield* book.intents(10)).length, 1)
        const runs = yield* own.runs("photos", 10)
        assert.deepStrictEqual(
          runs.map(({ report, runId }) => [runId, report]),
          [
            ["next", undefined],
            [`run of ${first.pid}`, undefined]
          ]
        )
      })
    )
  })
}
