/**
 * What is measured, and killed: one run into Mixpeek from an S3 or a Drive, as the environment says. Prints what it did, and the
 * most memory it ever had. Ends with 0 where everything was said and settled, 75 where another run has the book, else with 1.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Pipeline, type Source } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { Config, Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { mainJob, target, unlimited } from "./bench.ts"

/** What is printed, as JSON. */
export interface Printed {
  readonly created: number
  readonly rejected: number
  readonly seconds: number
  readonly uploads: { readonly created: number; readonly completed: number; readonly bytes: number }
  /** Bytes; of the whole life of the process, by the system's count (`VmHWM`). */
  readonly peak: number
}

const settings = Config.all({
  store: Config.Literals(["s3", "gdrive"], "STORE"),
  method: Config.Literals(["auto", "upload"], "METHOD"),
  folder: Config.String("SPOOL"),
  ledger: Config.String("LEDGER")
})

const any = { perMinute: 1_000_000, burst: 100_000 }
const mixpeek = Mixpeek.layerConfig({ rateLimits: { ...unlimited, upload: any, metadata: any } }).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

const runFrom = Effect.fnUntraced(function* <R>(source: Source.Source<R>) {
  const { folder, ledger, method } = yield* settings
  return yield* Pipeline.run(
    Pipeline.make({
      name: "sizes",
      source,
      map: MixpeekObject.fromFile({ ...mainJob, otherwise: "video" }),
      sink: MixpeekSink.make({
        bucket: target,
        delivery: { method, uploads: { folder } },
        batch: { maxWait: "50 millis" },
        grace: "1 second"
      })
    })
  ).pipe(Effect.provide([SqliteLedger.layer({ file: ledger, lease: "1 second" }), mixpeek]))
})

// Only one of the connectors is loaded: nobody has both.
const fromS3 = Effect.gen(function* () {
  const { S3, S3Source } = yield* Effect.promise(() => import("@sluice/source-s3"))
  const bucket = yield* Config.String("S3_BUCKET")
  return yield* runFrom(S3Source.make({ bucket })).pipe(Effect.provide(S3.layerConfig()))
})

const fromDrive = Effect.gen(function* () {
  const { Credentials, Drive, DriveSource } = yield* Effect.promise(() => import("@sluice/source-gdrive"))
  const folder = yield* Config.String("DRIVE_FOLDER")
  const client = Drive.layer({
    endpoint: yield* Config.String("DRIVE_URL"),
    tokenEndpoint: yield* Config.String("DRIVE_TOKEN_URL"),
    credentials: Credentials.ServiceAccount({ key: { json: yield* Config.Redacted("DRIVE_KEY") } }),
    queriesPerMinute: any.perMinute,
    burst: any.burst
  })
  return yield* runFrom(DriveSource.make({ from: { folders: [folder] } })).pipe(Effect.provide(client))
})

const run = Effect.flatMap(settings, ({ store }) => (store === "s3" ? fromS3 : fromDrive))

/** `undefined` where the system does not tell. */
const peak = (): number | undefined => {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

const isHeld = (error: unknown) =>
  error instanceof Pipeline.PipelineError &&
  error.reason._tag === "LedgerFailed" &&
  error.reason.error.reason._tag === "Held"

if (import.meta.main) {
  process.exitCode = await Effect.runPromise(
    Effect.match(run, {
      onSuccess: ({ created, ended, rejected, rejections, seconds, uploads: { bytes, completed, created: made } }) => {
        const printed: Printed = {
          created,
          rejected,
          seconds,
          uploads: { created: made, completed, bytes },
          peak: peak() ?? Number.NaN
        }
        process.stdout.write(JSON.stringify(printed))
        for (const { code } of rejections) process.stderr.write(`rejected: ${code}\n`)
        return ended === "complete" ? 0 : 1
      },
      onFailure: (error) => {
        if (isHeld(error)) return 75
        process.stderr.write(`${error._tag}: ${error.message}\n`)
        return 1
      }
    })
  )
}
