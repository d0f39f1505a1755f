/** A stand-in with a client of the SDK on it, and what tests ask of both. */
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  ListObjectsV2Command,
  type S3ClientConfig
} from "@aws-sdk/client-s3"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect } from "effect"
import { clientOf, listedKey, refusal } from "./target.ts"

/** A stand-in, a client of the SDK, and short ways to read and list. */
export const started = (options: S3StandIn.Options = {}, config: S3ClientConfig = {}) =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make(options)
    const client = yield* clientOf({ ...s3, endpoint: s3.url }, config)
    const get = async (Bucket: string, Key: string, more: Partial<GetObjectCommandInput> = {}) => {
      const got = await client.send(new GetObjectCommand({ Bucket, Key, ...more }))
      return { ...got, bytes: Buffer.from((await got.Body?.transformToByteArray()) ?? []) }
    }
    return {
      s3,
      client,
      /** Reads an object to its end. */
      get: (Bucket: string, Key: string, more?: Partial<GetObjectCommandInput>) =>
        Effect.promise(() => get(Bucket, Key, more)),
      /** What reading an object is refused with, also in its middle. */
      getRefused: (Bucket: string, Key: string, more?: Partial<GetObjectCommandInput>) =>
        refusal(() => get(Bucket, Key, more)),
      /** The keys of the first page. */
      list: (Bucket: string, Prefix = "") =>
        Effect.promise(async () => {
          const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, EncodingType: "url" }))
          return (page.Contents ?? []).map(({ Key = "" }) => listedKey(Key))
        }),
      listRefused: (Bucket: string, Prefix = "") =>
        refusal(() => client.send(new ListObjectsV2Command({ Bucket, Prefix })))
    }
  })
