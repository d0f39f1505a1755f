/** As most people would write it: the SDK's paginator and links, p-limit, fetch, and a few retries. */
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { createHash } from "node:crypto"
import pLimit from "p-limit"
import { contender } from "../Contender.ts"
import { concurrency } from "./load.ts"

contender(async ({ addresses: { mixpeek, s3 }, size }) => {
  const { accessKeyId, bucket, secretAccessKey, url } = s3
  const client = new S3Client({
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey }
  })
  const limit = pLimit(concurrency)
  let units = 0

  const post = async (objects: ReadonlyArray<object>) => {
    for (let attempt = 0; ; attempt++) {
      const answer = await fetch(`${mixpeek.url}/v1/buckets/${mixpeek.bucket}/objects/batch`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${mixpeek.apiKey}`,
          "x-namespace": mixpeek.namespace,
          "content-type": "application/json"
        },
        body: JSON.stringify({ objects })
      })
      if (answer.ok) {
        const { succeeded } = (await answer.json()) as { readonly succeeded: ReadonlyArray<unknown> }
        units += succeeded.length
        return
      }
      if (attempt === 5) throw new Error(`${answer.status} ${await answer.text()}`)
      await new Promise((resolve) => setTimeout(resolve, 2 ** attempt * 1000))
    }
  }

  let listed = 0
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    const objects = await Promise.all(
      Contents.map(async ({ ETag, Key = "", LastModified }) => ({
        source_key: createHash("sha256").update(`s3://${bucket}/${Key}`).digest("hex"),
        metadata: { source: { uri: `s3://${bucket}/${Key}`, etag: ETag, modified_at: LastModified } },
        blobs: [
          {
            property: "document",
            type: "pdf",
            data: await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key }), { expiresIn: 3600 })
          }
        ]
      }))
    )
    const posts = []
    for (let at = 0; at < objects.length; at += 100) posts.push(limit(post, objects.slice(at, at + 100)))
    await Promise.all(posts)
    listed += Contents.length
    if (listed >= size) break
  }
  return { units }
})
