import { assert, describe, it } from "@effect/vitest"
import { Report } from "@sluice/core"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Redacted, Schedule, Schema } from "effect"
import { environment, schema, target } from "./acceptance/bench.ts"
import * as Program from "./program.ts"

const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(Report.Report))

/** A bucket of so many pretended files, and a Mixpeek that takes them. */
const standIns = Effect.fnUntraced(function* (count: number, settings: Partial<MixpeekStandIn.Settings> = {}) {
  const s3 = yield* S3StandIn.make()
  yield* s3.pretend("files", { count, key: (i) => `notes/${String(i).padStart(6, "0")}.txt`, size: 10 })
  const mixpeek = yield* MixpeekStandIn.make({ buckets: [{ id: target, schema }], ...settings })
  const env = { ...environment(s3, mixpeek, "files"), MIXPEEK_REQUESTS_PER_MINUTE: "100000" }
  return { s3, mixpeek, env }
})

describe("the main job", () => {
  it.live("prints its report as one JSON object, and nothing else, on standard output", () =>
    Effect.gen(function* () {
      const { env, mixpeek } = yield* standIns(250)
      const { code, stdout } = yield* Program.run("s3-to-mixpeek.ts", ["--json"], env)
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual(
        [code, report.ended, report.discovered, report.created, report.batches, report.batchFill, report.requests],
        [0, "complete", 250, 250, 3, 1, 4]
      )
      assert.isAbove(report.sourceRequests, 0)
      assert.strictEqual(stdout.trim().split("\n").length, 1)
      assert.strictEqual(yield* mixpeek.count(target), 250)
    }).pipe(Effect.scoped)
  )

  it.live("takes flags before the environment, and only what its filter lets through", () =>
    Effect.gen(function* () {
      const { env, s3 } = yield* standIns(50)
      yield* s3.put("others", "a/1.txt", "one")
      yield* s3.put("others", "a/2.bin", "two")
      yield* s3.put("others", "b/3.txt", "three")
      const args = ["--json", "--bucket", "others", "--prefix", "a/", "--include", "**/*.txt"]
      const { stdout } = yield* Program.run("s3-to-mixpeek.ts", args, env)
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([report.discovered, report.created, report.filtered], [2, 1, 1])
    }).pipe(Effect.scoped)
  )

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const) {
    it.live(`stops on ${signal}: settles what was sent, reports, and ends with ${expected}`, () =>
      Effect.gen(function* () {
        const { env, mixpeek } = yield* standIns(100_000, { latency: "300 millis" })
        const program = yield* Program.start("s3-to-mixpeek.ts", ["--json"], env)
        yield* Effect.repeat(mixpeek.count(target), {
          until: (count) => count > 0,
          schedule: Schedule.spaced("20 millis")
        })
        yield* program.kill(signal)
        const { code, stdout } = yield* program.ended
        const report = yield* decodeReport(stdout)
        assert.deepStrictEqual([code, report.ended], [expected, "stopped"])
        assert.strictEqual(report.created, yield* mixpeek.count(target))
        assert.isAbove(report.unsettled, 0)
        assert.deepStrictEqual(yield* mixpeek.duplicates(target), [])
      }).pipe(Effect.scoped)
    )
  }

  it.live("says why it was refused in a sentence, on standard error alone, and sends nothing", () =>
    Effect.gen(function* () {
      const { env, mixpeek } = yield* standIns(10)
      const refused = { ...env, MIXPEEK_BUCKET: "bkt_other" }
      const { code, stderr, stdout } = yield* Program.run("s3-to-mixpeek.ts", ["--json"], refused)
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.include(stderr, "s3:files was refused before any work")
      assert.include(stderr, "bkt_other")
      assert.notMatch(stderr, /\n\s+at /)
      assert.isUndefined((yield* mixpeek.totals).byOperation["createObjectsBatch"])
    }).pipe(Effect.scoped)
  )

  it.live("tells no secret, however it ends", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns(120, { badObjects: 0.2, unreachable: 0.05 })
      const secrets = [Redacted.value(s3.secretAccessKey), Redacted.value(mixpeek.apiKey), "X-Amz-Signature"]
      const environments = [
        env,
        { ...env, S3_SECRET_ACCESS_KEY: `${Redacted.value(s3.secretAccessKey)}x` },
        { ...env, MIXPEEK_API_KEY: `${Redacted.value(mixpeek.apiKey)}x` },
        { ...env, S3_ENDPOINT: "http://s3.example.com", MIXPEEK_URL: "http://mixpeek.example.com" }
      ]
      for (const [index, one] of environments.entries()) {
        const { code, stderr, stdout } = yield* Program.run("s3-to-mixpeek.ts", ["--log-level", "debug"], one)
        assert.strictEqual(code, index === 0 ? 0 : 1)
        assert.isNotEmpty(stdout + stderr)
        for (const secret of secrets) assert.notInclude(stdout + stderr, secret)
      }
    }).pipe(Effect.scoped)
  )
})

describe("npm start", () => {
  it.live("moves real files, whatever they are called, and shows three objects with their lineage", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* Program.run("start.ts", [])
      assert.strictEqual(code, 0)
      assert.include(stdout, "discovered 1,200 = unchanged 0 + filtered 0 + created 1,200 +")
      assert.strictEqual(stdout.match(/"source_details"/g)?.length, 3)
      assert.notInclude(stdout, "X-Amz-Signature")
    })
  )

  it.live("prints nothing but the report with --json", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* Program.run("start.ts", ["--json"])
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([code, report.created, report.batchFill], [0, 1200, 1])
    })
  )
})
