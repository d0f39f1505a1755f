/** As most people would write it: the SDK's paginator and GET, p-limit, fetch, and a few retries. */
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3"
import { createHash } from "node:crypto"
import pLimit from "p-limit"
import { contender } from "../Contender.ts"
import { concurrencyOfFiles } from "./load.ts"

contender(async ({ addresses: { mixpeek, s3 }, size }) => {
  const { accessKeyId, bucket, secretAccessKey, url } = s3
  const client = new S3Client({
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey }
  })
  const limit = pLimit(concurrencyOfFiles)
  let units = 0

  const retried = async (send: () => Promise<Response>): Promise<Response> => {
    for (let attempt = 0; ; attempt++) {
      const answer = await send()
      if (answer.ok) return answer
      if (attempt === 5) throw new Error(`${answer.status} ${await answer.text()}`)
      await new Promise((resolve) => setTimeout(resolve, 2 ** attempt * 1000))
    }
  }
  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = {
      authorization: `Bearer ${mixpeek.apiKey}`,
      "x-namespace": mixpeek.namespace,
      "content-type": "application/json"
    }
    const answer = await retried(() =>
      fetch(`${mixpeek.url}/v1/buckets/${mixpeek.bucket}/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body)
      })
    )
    return answer.json()
  }

  const upload = async (key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
    const created = (await post("uploads", {
      filename: key.split("/").at(-1),
      content_type: "application/pdf",
      file_size_bytes: bytes.length,
      create_object_on_confirm: false
    })) as { readonly upload_id: string; readonly presigned_url: string }
    await retried(() =>
      fetch(created.presigned_url, { method: "PUT", headers: { "content-type": "application/pdf" }, body: bytes })
    )
    await post(`uploads/${created.upload_id}/confirm`, {})
    return {
      source_key: createHash("sha256").update(`s3://${bucket}/${key}`).digest("hex"),
      blobs: [{ property: "document", type: "pdf", upload_id: created.upload_id }]
    }
  }

  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    const some = Contents.slice(0, size - units)
    const objects = await Promise.all(some.map(({ Key = "" }) => limit(upload, Key)))
    for (let at = 0; at < objects.length; at += 100) {
      await post("objects/batch", { objects: objects.slice(at, at + 100) })
    }
    units += objects.length
    if (units >= size) break
  }
  return { units }
})
