/**
 * The servers of one benchmark, in a process of their own: `main.ts '<JSON of Options>'`. Says where they listen to the process
 * that forked it, and goes when that goes.
 */
import { DriveStandIn } from "@sluice/testkit/drive"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Redacted } from "effect"
import { NodeRuntime } from "@effect/platform-node"
import { createHash } from "node:crypto"
import { once } from "node:events"
import type { Server } from "node:http"
import * as MixpeekServer from "./MixpeekServer.ts"
import { pattern } from "./pattern.ts"
import * as S3Server from "./S3Server.ts"

/** What is served. */
export interface Options {
  readonly s3?: S3Server.Options
  /** `latency`: milliseconds until an answer begins. */
  readonly mixpeek?: { readonly latency: number }
  readonly drive?: { readonly files: number; readonly folders: number; readonly latency: number }
}

/** Where it is. Keys and secrets are those of stand-ins: they open nothing else. */
export interface Addresses {
  readonly s3: {
    readonly url: string
    readonly bucket: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
  readonly mixpeek: {
    readonly url: string
    readonly apiKey: string
    readonly namespace: string
    readonly bucket: string
  }
  readonly drive: {
    readonly url: string
    readonly tokenUrl: string
    readonly key: string
    readonly folder: string
    /** Requests that list everything, where 50 folders are asked of together and nothing at the same time. */
    readonly grouped: number
  }
}

const listening = async (server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("the server has no port")
  return `http://127.0.0.1:${address.port}`
}

const bucket = "bkt_files"

const groupedListings = (items: ReadonlyArray<DriveStandIn.SeededItem>, top: string): number => {
  const inside = Map.groupBy(items, ({ parents }) => parents[0])
  const known = [top]
  let requests = 0
  while (known.length > 0) {
    const found = known.splice(0, 50).flatMap((id) => inside.get(id) ?? [])
    known.push(...found.flatMap(({ id, mimeType }) => (mimeType.endsWith(".folder") ? [id] : [])))
    requests += Math.max(1, Math.ceil(found.length / 1000))
  }
  return requests
}

const serve = Effect.fnUntraced(function* (options: Options) {
  const { drive, mixpeek, s3 } = options
  const addresses: { -readonly [K in keyof Addresses]?: Addresses[K] } = {}
  if (s3 !== undefined) {
    const url = yield* Effect.promise(() => listening(S3Server.make(s3)))
    addresses.s3 = {
      url,
      bucket: "files",
      accessKeyId: "AKIASLUICEBENCHMARKS",
      secretAccessKey: "sluice/benchmarks/secret/key/of/40/chars"
    }
  }
  if (mixpeek !== undefined) {
    const exact = yield* MixpeekStandIn.make({
      buckets: [
        {
          id: bucket,
          schema: {
            properties: {
              document: { type: "pdf" },
              text: { type: "text" },
              source_key: { type: "string" },
              metadata: { type: "object" }
            }
          },
          uniqueKey: { fields: ["source_key"], default_policy: "upsert" }
        }
      ],
      retain: "counts",
      validateEvery: 1000
    })
    const bytes = s3?.bytes ?? 0
    const md5 = createHash("md5")
    for (const chunk of pattern(bytes).chunks(0)) md5.update(chunk)
    const content = { bytes, md5: md5.digest("hex") }
    const server = MixpeekServer.make(exact.url, content, mixpeek.latency)
    const url = yield* Effect.promise(() => listening(server))
    addresses.mixpeek = { url, apiKey: Redacted.value(exact.apiKey), namespace: exact.namespace, bucket }
  }
  if (drive !== undefined) {
    const served = yield* DriveStandIn.make({ validateEvery: 1_000_000, logCapacity: 100 })
    const folder = yield* served.createFolder("files")
    const items = yield* served.seed({ files: drive.files, folders: drive.folders, parent: folder, maxSize: 1000 })
    if (drive.latency > 0) yield* served.beforeRequest(() => Effect.sleep(drive.latency))
    yield* served.share(folder, { emailAddress: served.serviceAccount.clientEmail, role: "reader" })
    const { serviceAccount, tokenUrl, url } = served
    addresses.drive = {
      url,
      tokenUrl,
      key: Redacted.value(serviceAccount.keyJson),
      folder,
      grouped: groupedListings(items, folder)
    }
  }
  process.send?.(addresses)
  return yield* Effect.never
})

if (import.meta.main) {
  process.on("disconnect", () => process.exit(0))
  // Whoever measures asks how busy the servers were.
  process.on("message", () => {
    const { system, user } = process.cpuUsage()
    process.send?.((system + user) / 1e6)
  })
  // benchmarks/Servers.ts writes these and nothing else.
  const options = JSON.parse(process.argv[2] ?? "{}") as Options
  NodeRuntime.runMain(Effect.scoped(serve(options)))
}
