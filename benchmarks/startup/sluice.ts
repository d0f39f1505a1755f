/** From the start of the process to the first answer, with one package. Option: `package`. */
import type { Source } from "@sluice/core"
import { contender, type Input } from "../Contender.ts"

const nothing: Source.SweepOptions = { resume: [], attributes: new Set(), pathPrefixes: [""] }

/** Each makes one request, where the package makes requests. */
const first: Readonly<Record<string, (input: Input) => Promise<unknown>>> = {
  core: async () => {
    const { Filter, Ledger } = await import("@sluice/core")
    const { Effect } = await import("effect")
    Filter.make({ extensions: ["pdf"] })
    return Effect.runPromise(Effect.provide(Ledger.Ledger, Ledger.layerMemory))
  },
  "ledger-sql": async () => {
    const { SqliteLedger } = await import("@sluice/ledger-sql")
    const { Ledger } = await import("@sluice/core")
    const { Effect } = await import("effect")
    return Effect.runPromise(
      Effect.scoped(Effect.flatMap(Ledger.Ledger, ({ open }) => open({ pipeline: "p", runId: "r" }))).pipe(
        Effect.provide(SqliteLedger.layer({ file: ":memory:" }))
      )
    )
  },
  "sink-mixpeek": async ({ addresses: { mixpeek } }) => {
    const { Mixpeek } = await import("@sluice/sink-mixpeek")
    const { Effect, Layer, Redacted } = await import("effect")
    const { layerUndici } = await import("@effect/platform-node/NodeHttpClient")
    const { apiKey, bucket, namespace, url } = mixpeek
    const live = Mixpeek.layer({ url, apiKey: Redacted.make(apiKey), namespace }).pipe(Layer.provide(layerUndici))
    return Effect.runPromise(Mixpeek.use(({ getBucket }) => getBucket(bucket)).pipe(Effect.provide(live)))
  },
  "source-s3": async ({ addresses: { s3 } }) => {
    const { Credentials, S3, S3Source } = await import("@sluice/source-s3")
    const { Effect, Redacted, Stream } = await import("effect")
    const { accessKeyId, bucket, secretAccessKey, url } = s3
    const credentials = Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
    return Effect.runPromise(
      Stream.runHead(S3Source.make({ bucket }).sweep(nothing)).pipe(
        Effect.provide(S3.layer({ endpoint: url, credentials }))
      )
    )
  },
  "source-gdrive": async ({ addresses: { drive } }) => {
    const { Credentials, Drive, DriveSource } = await import("@sluice/source-gdrive")
    const { Effect, Redacted, Stream } = await import("effect")
    const { folder, key, tokenUrl, url } = drive
    const credentials = Credentials.ServiceAccount({ key: { json: Redacted.make(key) } })
    return Effect.runPromise(
      Stream.runHead(DriveSource.make({ from: { folders: [folder] } }).sweep(nothing)).pipe(
        Effect.provide(Drive.layer({ endpoint: url, tokenEndpoint: tokenUrl, credentials }))
      )
    )
  },
  // What Node itself and Effect take, for comparison.
  effect: () => import("effect")
}

contender(async (input) => {
  await first[String(input.options["package"])]?.(input)
  return { units: 1, more: { sinceStart: performance.now() } }
})
