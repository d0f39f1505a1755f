/** What the servers can do: the same batch over and over. */
import { contender } from "../Contender.ts"
import { concurrency } from "./load.ts"
import { client } from "./mixpeek.ts"
import { objectOf } from "./object.ts"
import { signer } from "./signing.ts"

contender(async ({ addresses, size }) => {
  const { pool } = client(addresses.mixpeek, concurrency)
  const { link } = signer(addresses.s3)
  const { apiKey, bucket, namespace } = addresses.mixpeek
  const file = { key: "archive/000000/document-000000000.pdf", size: 1, etag: "0".repeat(32), modified: "2026" }
  const objects = Array.from({ length: 100 }, () => objectOf("files", file, { data: link(file.key) }))
  const body = Buffer.from(JSON.stringify({ objects }))
  const headers = { authorization: `Bearer ${apiKey}`, "x-namespace": namespace, "content-type": "application/json" }
  let batches = Math.ceil(size / 100)
  const one = async () => {
    while (batches-- > 0) {
      const answer = await pool.request({ method: "POST", path: `/v1/buckets/${bucket}/objects/batch`, headers, body })
      await answer.body.dump({ limit: 1024 ** 2 })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, one))
  return { units: size }
})
