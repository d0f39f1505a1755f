/**
 * `npm start`: a bucket of real files and a Mixpeek of our own, and the program that moves the one into the other.
 * With an address of a real service (`--endpoint`, `--bucket`, `--mixpeek-url`, …) only the program.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Teardown } from "@sluice/core"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Console, Effect, Redacted } from "effect"
import { ChildProcess } from "effect/process"

const folder = ".sluice/files"
const count = 1200
const bucket = "files"
const target = "bkt_files"

const args = process.argv.slice(2)
const isReal = args.some((arg) => /^--(endpoint|bucket|mixpeek-url|mixpeek-bucket|help)(=|$)/.test(arg))
const isQuiet = args.includes("--json")

const program = Effect.fn("program")(function* (env: Record<string, string>) {
  const child = yield* ChildProcess.make(process.execPath, ["--import", "tsx", "examples/s3-to-mixpeek.ts", ...args], {
    env,
    extendEnv: true,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit"
  })
  const code = yield* child.exitCode
  // It has said why itself.
  if (code !== 0) return yield* Effect.fail(new Teardown.Explained(`s3-to-mixpeek ended with ${code}`, code))
})

const type = (type: string) => ({ type })

/** A Mixpeek with the limits of a Pro plan, whose bucket declares what the program sends. */
const mixpeekStandIn = MixpeekStandIn.make({
  limits: { data: { requests: 600, window: "1 minute", algorithm: "token-bucket", burst: 200 }, concurrent: 50 },
  fetchReferences: "GET",
  buckets: [
    {
      id: target,
      schema: {
        properties: {
          document: type("pdf"),
          image: type("image"),
          audio: type("audio"),
          video: type("video"),
          text: type("text"),
          table: type("excel"),
          source_key: type("string"),
          metadata: type("object")
        }
      }
    }
  ]
})

/** An object as it is stored, without the signed link. */
const shown = ({ blobs, fields, keyPrefix, objectId, sourceDetails }: MixpeekStandIn.StoredObject) => ({
  object_id: objectId,
  key_prefix: keyPrefix,
  blobs: blobs.map(({ content, property, type }) => ({
    property,
    type,
    size: content?.size,
    sha256: content?.sha256
  })),
  source_details: sourceDetails,
  ...fields
})

const standIns = Effect.gen(function* () {
  const say = (text: string) => (isQuiet ? Effect.void : Console.log(text))
  const files = yield* SampleFiles.make(folder, count)
  const keys = new Map(files.map((file) => [file.name, file.key]))
  const s3 = yield* S3StandIn.make()
  yield* s3.serveFolder(bucket, folder, { keys: (name) => keys.get(name) })
  const mixpeek = yield* mixpeekStandIn
  yield* say(`${count} files of ${folder} are in s3://${bucket} at ${s3.url}; Mixpeek answers at ${mixpeek.url}\n`)
  yield* program({
    S3_ENDPOINT: s3.url,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: Redacted.value(s3.secretAccessKey),
    S3_BUCKET: bucket,
    MIXPEEK_URL: mixpeek.url,
    MIXPEEK_API_KEY: Redacted.value(mixpeek.apiKey),
    MIXPEEK_NAMESPACE: mixpeek.namespace,
    MIXPEEK_BUCKET: target
  })
  const objects = yield* mixpeek.objects(target)
  yield* say(`\nMixpeek holds ${objects.length} objects. Three of them:\n`)
  for (const at of [0, 0.3, 0.99]) {
    const object = objects[Math.floor(at * objects.length)]
    if (object !== undefined) yield* say(JSON.stringify(shown(object), null, 2))
  }
}).pipe(Effect.scoped)

const main = isReal ? Effect.scoped(program({})) : standIns

main.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain({ teardown: Teardown.bySignal() }))
