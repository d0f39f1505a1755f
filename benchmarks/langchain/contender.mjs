/**
 * LangChain's S3 loader in a loop: a client for each file, which goes to a file of its own, and from there to a service that makes text
 * of it. The text goes into Mixpeek, a hundred objects at a time. Not part of the workspace, so it is plain JavaScript.
 */
import { paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3"
import { S3Loader } from "@langchain/community/document_loaders/web/s3"
import { createHash } from "node:crypto"
import pLimit from "p-limit"
import { contender } from "../dist/Contender.js"
import { concurrencyOfFiles } from "../dist/load/load.js"

contender(async ({ addresses: { mixpeek, s3 }, size }) => {
  const { accessKeyId, bucket, secretAccessKey, url } = s3
  const s3Config = {
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey }
  }
  const limit = pLimit(concurrencyOfFiles)
  let units = 0

  const load = async (key) => {
    const loader = new S3Loader({
      bucket,
      key,
      s3Config,
      unstructuredAPIURL: `${mixpeek.url}/general/v0/general`,
      unstructuredAPIKey: "none"
    })
    const documents = await loader.load()
    return {
      source_key: createHash("sha256").update(`s3://${bucket}/${key}`).digest("hex"),
      blobs: documents.map(({ pageContent }) => ({ property: "text", type: "text", data: pageContent }))
    }
  }

  const client = new S3Client(s3Config)
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    const some = Contents.slice(0, size - units)
    const objects = await Promise.all(some.map(({ Key }) => limit(load, Key)))
    for (let at = 0; at < objects.length; at += 100) {
      const answer = await fetch(`${mixpeek.url}/v1/buckets/${mixpeek.bucket}/objects/batch`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${mixpeek.apiKey}`,
          "x-namespace": mixpeek.namespace,
          "content-type": "application/json"
        },
        body: JSON.stringify({ objects: objects.slice(at, at + 100) })
      })
      await answer.json()
    }
    units += objects.length
    if (units >= size) break
  }
  return { units }
})
