/** A sweep of the source, with nothing behind it. */
import { S3Source } from "@sluice/source-s3"
import { Effect, Stream } from "effect"
import { contender } from "../Contender.ts"
import { s3 } from "../load/clients.ts"

contender(({ addresses }) => {
  const source = S3Source.make({ bucket: addresses.s3.bucket })
  const pages = source.sweep({ resume: [], attributes: new Set(), pathPrefixes: [""] })
  return Stream.runFold(
    pages,
    () => 0,
    (count, { changes }) => count + changes.length
  ).pipe(
    Effect.map((units) => ({ units })),
    Effect.provide(s3(addresses)),
    Effect.runPromise
  )
})
