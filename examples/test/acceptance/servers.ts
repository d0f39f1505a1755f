/**
 * Two stand-ins in a process of their own, so that a test can measure its own memory: an S3 that pretends as many keys
 * as the first argument says, or (`gdrive` as the second) a Drive with a folder of so many small files, 20 in a folder;
 * and a Mixpeek that keeps counts only. Speaks to the process that forked it: `addresses` when it listens, `counts`
 * whenever it is sent anything.
 */
import { NodeRuntime } from "@effect/platform-node"
import { DriveStandIn } from "@sluice/testkit/drive"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Redacted } from "effect"
import { schema, target } from "./bench.ts"

/** Where a store listens, and what it asks for. */
export type Store =
  | { readonly _tag: "s3"; readonly url: string; readonly accessKeyId: string; readonly secretAccessKey: string }
  | {
      readonly _tag: "gdrive"
      readonly url: string
      readonly tokenUrl: string
      /** The key file of a service account. */
      readonly key: string
      readonly folder: string
    }

/** Where both listen. */
export interface Addresses {
  readonly store: Store
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

const s3Of = Effect.fnUntraced(function* (count: number) {
  const { accessKeyId, pretend, secretAccessKey, url } = yield* S3StandIn.make({ logCapacity: 100 })
  yield* pretend("files", {
    count,
    key: (i) => `archive/${String(Math.floor(i / 1000)).padStart(6, "0")}/document-${String(i).padStart(9, "0")}.pdf`,
    size: 100_000
  })
  return { _tag: "s3", url, accessKeyId, secretAccessKey: Redacted.value(secretAccessKey) } satisfies Store
})

const driveOf = Effect.fnUntraced(function* (count: number) {
  const drive = yield* DriveStandIn.make({ validateEvery: 500, logCapacity: 100 })
  const { clientEmail, keyJson } = drive.serviceAccount
  const folder = yield* drive.createFolder("files")
  yield* drive.seed({ files: count, parent: folder, maxSize: 1000 })
  yield* drive.share(folder, { emailAddress: clientEmail, role: "reader" })
  const { tokenUrl, url } = drive
  return { _tag: "gdrive", url, tokenUrl, key: Redacted.value(keyJson), folder } satisfies Store
})

const serve = (count: number, kind: Store["_tag"]) =>
  Effect.gen(function* () {
    const store: Store = yield* kind === "s3" ? s3Of(count) : driveOf(count)
    const mixpeek = yield* MixpeekStandIn.make({
      buckets: [{ id: target, schema }],
      retain: "counts",
      validateEvery: 500,
      logged: 100
    })
    const addresses: Addresses = {
      store,
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

if (import.meta.main)
  NodeRuntime.runMain(serve(Number(process.argv[2]), process.argv[3] === "gdrive" ? "gdrive" : "s3"))
