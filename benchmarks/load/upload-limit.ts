/**
 * The lean loop: raw pages, GETs and PUTs by undici, bodies from one to the other with a SHA-256 on the way, everything else a
 * hundred at a time, and nothing that is remembered.
 */
import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import pLimit from "p-limit"
import { Pool } from "undici"
import { contender } from "../Contender.ts"
import { bodies, files } from "../list/pages.ts"
import { concurrency, concurrencyOfFiles } from "./load.ts"
import { client, hands } from "./mixpeek.ts"
import { type Listed, objectOf } from "./object.ts"
import { signer } from "./signing.ts"

const contentType = "application/pdf"
/** Above this, content goes on while it comes. */
const small = 64 * 1024

contender(async ({ addresses, options, size }) => {
  const { mixpeek, s3 } = addresses
  const { pool, post } = client(mixpeek, concurrencyOfFiles)
  const store = new Pool(s3.url, { connections: concurrencyOfFiles })
  const { headers } = signer(s3)
  const batches = hands(concurrency)
  const perFile = pLimit(concurrencyOfFiles)
  let units = 0

  const bytesOf = async ({ key, size }: Listed) => {
    const { body } = await store.request({ method: "GET", path: `/${s3.bucket}/${key}`, headers: headers(key) })
    const hash = createHash("sha256")
    if (size <= small) {
      const bytes = Buffer.from(await body.arrayBuffer())
      hash.update(bytes).digest("hex")
      return bytes
    }
    return Readable.from(hashed(body, hash), { objectMode: false })
  }
  async function* hashed(body: Readable, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk)
      yield chunk
    }
    hash.digest("hex")
  }

  const move = async (file: Listed, address: string) => {
    const { pathname, search } = new URL(address)
    const answer = await pool.request({
      method: "PUT",
      path: `${pathname}${search}`,
      headers: { "content-type": contentType, "content-length": String(file.size) },
      body: await bytesOf(file)
    })
    await answer.body.dump()
    return String(answer.headers.etag)
  }

  const deliver = async (some: ReadonlyArray<Listed>) => {
    const { uploads } = JSON.parse(
      await post(
        "uploads/batch",
        JSON.stringify({
          uploads: some.map(({ key, size }) => ({
            filename: key.slice(key.lastIndexOf("/") + 1),
            content_type: contentType,
            file_size_bytes: size,
            create_object_on_confirm: false,
            skip_duplicates: false
          }))
        })
      )
    ) as { readonly uploads: ReadonlyArray<{ readonly upload_id: string; readonly presigned_url: string }> }
    const confirmations: Array<object> = []
    const objects: Array<object> = []
    await Promise.all(
      some.map(async (file, at) => {
        const { presigned_url, upload_id } = uploads[at] ?? { presigned_url: "", upload_id: "" }
        const etag = await perFile(move, file, presigned_url)
        confirmations.push({ upload_id, etag, file_size_bytes: file.size })
        objects.push(objectOf(s3.bucket, file, { upload_id }))
      })
    )
    await post("uploads/confirm/batch", JSON.stringify({ confirmations }))
    await post("objects/batch", JSON.stringify({ objects }))
    units += some.length
  }

  for await (const body of bodies(addresses)) {
    const page = files(body)
    for (let at = 0; at < page.length; at += 100) await batches.take(() => deliver(page.slice(at, at + 100)))
    if (units >= size) break
  }
  await batches.rest()
  return { units: options["unit"] === "bytes" ? units * size : units }
})
