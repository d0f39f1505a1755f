/** What most people would write: the SDK's paginator. */
import { paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3"
import { contender } from "../Contender.ts"

contender(async ({ addresses: { s3 }, size }) => {
  const { accessKeyId, bucket, secretAccessKey, url } = s3
  const client = new S3Client({
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey }
  })
  let units = 0
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    units += Contents.length
    if (units >= size) break
  }
  return { units }
})
