/**
 * Both stand-ins in a process of their own, so that a test can measure its own memory: an S3 that pretends as many keys
 * as the first argument says, and a Mixpeek that keeps counts only. Speaks to the process that forked it: `addresses`
 * when it listens, `counts` whenever it is sent anything.
 */
import { NodeRuntime } from "@effect/platform-node"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Redacted } from "effect"
import { schema, target } from "./bench.ts"

/** Where both listen, and what they ask for. */
export interface Addresses {
  readonly s3: { readonly url: string; readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly mixpeek: { readonly url: string; readonly apiKey: string; readonly namespace: string }
}

/** What arrived. */
export interface Counts {
  readonly objects: number
  readonly distinct: number
  readonly duplicates: number
  readonly requests: number
  readonly violations: ReadonlyArray<string>
  /** When the first batch came, in milliseconds since 1970. */
  readonly firstBatchAt: number | undefined
}

const serve = (count: number) =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make({ logCapacity: 100 })
    yield* s3.pretend("files", {
      count,
      key: (i) => `archive/${String(Math.floor(i / 1000)).padStart(6, "0")}/document-${String(i).padStart(9, "0")}.pdf`,
      size: 100_000
    })
    const mixpeek = yield* MixpeekStandIn.make({
      buckets: [{ id: target, schema }],
      retain: "counts",
      validateEvery: 500,
      logged: 100
    })
    const addresses: Addresses = {
      s3: { url: s3.url, accessKeyId: s3.accessKeyId, secretAccessKey: Redacted.value(s3.secretAccessKey) },
      mixpeek: { url: mixpeek.url, apiKey: Redacted.value(mixpeek.apiKey), namespace: mixpeek.namespace }
    }
    let firstBatchAt: number | undefined
    const counts = Effect.gen(function* () {
      const found: Counts = {
        objects: yield* mixpeek.count(target),
        distinct: yield* mixpeek.distinct(target),
        duplicates: (yield* mixpeek.duplicates(target)).length,
        requests: (yield* mixpeek.totals).requests,
        violations: yield* mixpeek.violations,
        firstBatchAt: firstBatchAt
      }
      process.send?.(found)
    })
    process.on("message", () => Effect.runFork(counts))
    process.on("disconnect", () => process.exit(0))
    process.send?.(addresses)
    while (firstBatchAt === undefined) {
      yield* Effect.sleep("5 millis")
      firstBatchAt = (yield* mixpeek.samples(target))[0]?.createdAt
    }
    return yield* Effect.never
  }).pipe(Effect.scoped)

if (import.meta.main) NodeRuntime.runMain(serve(Number(process.argv[2])))
