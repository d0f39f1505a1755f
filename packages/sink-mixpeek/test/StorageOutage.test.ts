import { assert, describe, it } from "@effect/vitest"
import { Stopping } from "@sluice/core"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Exit, Option } from "effect"
import * as Upload from "../src/delivery/Upload.ts"
import * as Fixtures from "./Fixtures.ts"
import { begin, contentOf, told } from "./UploadFixtures.ts"

/** Whatever it is asked, so many times. */
const down = (times?: number): MixpeekStandIn.Fault => ({
  kind: "unavailable",
  operations: ["putUpload", "probeStorage"],
  ...(times === undefined ? {} : { times })
})

/** A storage that took a file, and then went down. */
const goneDown = Effect.fnUntraced(function* (fault: MixpeekStandIn.Fault, options: Parameters<typeof begin>[0] = {}) {
  const begun = yield* begin(options)
  assert.strictEqual(told(yield* begun.upload(contentOf("first", "hello"))), "Staged")
  yield* begun.server.set({ faults: [fault] })
  return begun
})

const files = Array.from({ length: 12 }, (_, n) => contentOf(`file ${n}`, "hello"))

const errorOf = <A, E>(exit: Exit.Exit<A, E>) => Option.getOrUndefined(Exit.findErrorOption(exit))

describe("a storage that is down", () => {
  it.effect("is sent nothing but probes until it is back, whatever is waiting, and then everything", () =>
    Effect.gen(function* () {
      const atATime = 4
      const strikes = 13
      const { desk, outages, requests, run, server } = yield* goneDown(down(strikes))
      const uploads = Effect.forEach(files, (file) => Upload.upload(desk, file), { concurrency: atATime })
      assert.deepStrictEqual(
        (yield* run(uploads)).map(told),
        Array.from({ length: 12 }, () => "Staged")
      )
      const refused = (yield* requests("putUpload")).filter(({ status }) => status === 503).length
      // Five say that it is down; the others of that moment are on their way already.
      assert.isAtLeast(refused, 5)
      assert.isBelow(refused, 5 + atATime)
      const probes = yield* requests("probeStorage")
      assert.strictEqual(probes.length, strikes - refused + 1)
      assert.deepStrictEqual([...new Set(probes.map(({ method }) => method))], ["HEAD"])
      assert.isAtLeast(Math.max(...outages.map(({ since, until }) => until - since)), 30_000)
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.effect("is given up after maxUnavailable, with a message that says how long it was down", () =>
    Effect.gen(function* () {
      const { events, server, upload } = yield* goneDown(down(), { client: { maxUnavailable: "1 minute" } })
      const error = errorOf(yield* Effect.exit(upload(contentOf("a", "hello"))))
      assert.strictEqual(error?.reason._tag, "Unusable")
      assert.match(String(error?.message), /storage of uploads .*not been available for 1m.*MIXPEEK_MAX_UNAVAILABLE/)
      assert.notInclude(events.slice(2), "Completed 5")
      assert.deepStrictEqual(
        (yield* server.orphans(Fixtures.bucket)).map(({ filename }) => filename),
        ["first"]
      )
    })
  )

  it.effect("is not waited for by whom nobody wants to send any more", () =>
    Effect.gen(function* () {
      const { desk, requests, run } = yield* goneDown(down())
      const stopped = Upload.upload(desk, contentOf("a", "hello")).pipe(
        Effect.provideService(Stopping.Stopping, Effect.void)
      )
      assert.strictEqual(errorOf(yield* run(Effect.exit(stopped)))?.reason._tag, "Throttled")
      assert.isAtMost((yield* requests("probeStorage")).length, 1)
    })
  )

  it.effect("is not one that answers probes: the patience with a file ends", () =>
    Effect.gen(function* () {
      const fault = { ...down(), operations: ["putUpload"] }
      const { requests, upload } = yield* goneDown(fault)
      assert.strictEqual(errorOf(yield* Effect.exit(upload(contentOf("a", "hello"))))?.reason._tag, "Unavailable")
      assert.strictEqual((yield* requests("probeStorage")).length, 1)
    })
  )
})
