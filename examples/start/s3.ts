/** A bucket of real files on an S3 of our own, and the program that moves them into Mixpeek. */
import { S3StandIn } from "@sluice/testkit/s3"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Console, Effect, Redacted } from "effect"
import * as Mixpeek from "./mixpeek.ts"
import * as Program from "./program.ts"

const folder = ".sluice/files"
const count = 1200
const bucket = "files"

export const start = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const say = (text: string) => (args.includes("--json") ? Effect.void : Console.log(text))
    const files = yield* SampleFiles.make(folder, count)
    const keys = new Map(files.map((file) => [file.name, file.key]))
    const s3 = yield* S3StandIn.make()
    yield* s3.serveFolder(bucket, folder, { keys: (name) => keys.get(name) })
    const mixpeek = yield* Mixpeek.mixpeekStandIn({ upserts: false })
    yield* say(`${count} files of ${folder} are in s3://${bucket} at ${s3.url}; Mixpeek answers at ${mixpeek.url}\n`)
    yield* Program.run("s3-to-mixpeek", args, {
      S3_ENDPOINT: s3.url,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: Redacted.value(s3.secretAccessKey),
      S3_BUCKET: bucket,
      ...Mixpeek.environment(mixpeek)
    })
    const objects = yield* mixpeek.objects(Mixpeek.target)
    yield* say(`\nMixpeek holds ${objects.length} objects. Three of them:\n`)
    for (const at of [0, 0.3, 0.99]) {
      const object = objects[Math.floor(at * objects.length)]
      if (object !== undefined) yield* say(Mixpeek.shown(object))
    }
  })
