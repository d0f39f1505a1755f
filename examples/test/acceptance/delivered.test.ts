import { describe, it } from "@effect/vitest"
import { Credentials } from "@sluice/source-s3"
import { S3StandIn } from "@sluice/testkit/s3"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Effect } from "effect"
import { delivers } from "./delivered.ts"

const count = 300

describe("files of the S3 stand-in", () => {
  it.live.each(["auto", "upload", "reference"] as const)(
    "become objects with their bytes and lineage, whatever they are called, by %s",
    (method) =>
      Effect.gen(function* () {
        const s3 = yield* S3StandIn.make()
        for (const file of SampleFiles.list(count)) yield* s3.put("files", file.key, file.bytes())
        const { accessKeyId, secretAccessKey, url: endpoint } = s3
        const credentials = Credentials.Static({ accessKeyId, secretAccessKey })
        yield* delivers("files", count, { endpoint, credentials }, method)
      }).pipe(Effect.scoped)
  )
})
