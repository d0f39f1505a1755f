import { describe, it } from "@effect/vitest"
import { Credentials } from "@sluice/source-s3"
import { S3StandIn } from "@sluice/testkit/s3"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Effect } from "effect"
import { delivers } from "./delivered.ts"

const count = 300

describe("files of the S3 stand-in", () => {
  it.live("become objects with their bytes and lineage, whatever they are called", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      for (const file of SampleFiles.list(count)) yield* s3.put("files", file.key, file.bytes())
      yield* delivers("files", count, {
        endpoint: s3.url,
        credentials: Credentials.Static({ accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey })
      })
    }).pipe(Effect.scoped)
  )
})
