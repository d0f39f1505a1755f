/** The same on a server we did not write: Ceph's RADOS Gateway (`scripts/ceph-up.sh`). */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client
} from "@aws-sdk/client-s3"
import { describe, it } from "@effect/vitest"
import { Credentials } from "@sluice/source-s3"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Effect, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { delivers } from "./delivered.ts"

const count = 1000
const endpoint = process.env["SLUICE_CEPH_URL"] ?? "http://127.0.0.1:7480"
const accessKeyId = process.env["SLUICE_CEPH_ACCESS_KEY_ID"] ?? "S3RVER"
const secretAccessKey = process.env["SLUICE_CEPH_SECRET_ACCESS_KEY"] ?? "S3RVER"

/** A bucket of its own with the sample files in it, emptied and removed when the scope closes. */
const bucketOfFiles = Effect.acquireRelease(
  Effect.promise(async () => {
    const client = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      requestChecksumCalculation: "WHEN_REQUIRED"
    })
    const bucket = `sluice-delivers-${randomUUID().slice(0, 8)}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    const files = SampleFiles.list(count)
    for (let i = 0; i < count; i += 16) {
      await Promise.all(
        files
          .slice(i, i + 16)
          .map(({ bytes, key }) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes() })))
      )
    }
    return { bucket, client, files }
  }),
  ({ bucket, client, files }) =>
    Effect.promise(async () => {
      for (let i = 0; i < count; i += 16) {
        await Promise.all(
          files.slice(i, i + 16).map(({ key }) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })))
        )
      }
      await client.send(new DeleteBucketCommand({ Bucket: bucket }))
      client.destroy()
    })
)

describe("files of Ceph", () => {
  it.live(
    "become objects with their bytes and lineage, whatever they are called",
    () =>
      Effect.gen(function* () {
        const { bucket } = yield* bucketOfFiles
        const credentials = Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
        for (const method of ["auto", "upload", "reference"] as const) {
          yield* delivers(bucket, count, { endpoint, credentials }, method)
        }
      }).pipe(Effect.scoped),
    120_000
  )
})
