/** A sweep of the source, with nothing behind it. */
import { Effect, Redacted, Stream } from "effect"
import { Credentials, S3, S3Source } from "@sluice/source-s3"
import { contender } from "../Contender.ts"

contender(({ addresses: { s3 } }) => {
  const credentials = Credentials.Static({
    accessKeyId: s3.accessKeyId,
    secretAccessKey: Redacted.make(s3.secretAccessKey)
  })
  const pages = S3Source.make({ bucket: s3.bucket }).sweep({ resume: [], attributes: new Set(), pathPrefixes: [""] })
  return Stream.runFold(
    pages,
    () => 0,
    (count, { changes }) => count + changes.length
  ).pipe(
    Effect.map((units) => ({ units })),
    Effect.provide(S3.layer({ endpoint: s3.url, credentials })),
    Effect.runPromise
  )
})
