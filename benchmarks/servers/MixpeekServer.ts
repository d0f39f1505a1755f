/**
 * A Mixpeek, and the storage behind its uploads, that does as little as it can: it counts, and says yes. What is asked once a run
 * (the bucket, the organization, …) is answered by the exact one of `@sluice/testkit`.
 */
import { createHash } from "node:crypto"
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http"

/** What arrived. */
export interface Counts {
  /** In batches of objects. */
  objects: number
  batches: number
  /** Of all kinds. */
  requests: number
  uploads: number
  puts: number
  putBytes: number
  confirmed: number
  /** When the first batch was answered, in milliseconds since 1970; 0: none was. */
  firstBatchAt: number
}

const nothing: Counts = {
  objects: 0,
  batches: 0,
  requests: 0,
  uploads: 0,
  puts: 0,
  putBytes: 0,
  confirmed: 0,
  firstBatchAt: 0
}

type Json = Readonly<Record<string, unknown>>

const read = (request: IncomingMessage, then: (body: string) => void) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => then(Buffer.concat(chunks).toString("latin1")))
}

const collect = (request: IncomingMessage, then: (body: Json) => void) =>
  // Benchmarks send JSON objects and nothing else.
  read(request, (body) => then(JSON.parse(body || "{}") as Json))

const text = (response: ServerResponse, body: string) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const json = (response: ServerResponse, value: unknown) => text(response, JSON.stringify(value))

const keyStart = '"source_key":"'

const listOf = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])

/** `behind`: where everything else is answered. `bytes`, `md5`: of the files that are put, where all are the same. */
export const make = (
  behind: string,
  content: { readonly bytes: number; readonly md5: string },
  latency: number
): Server => {
  const counts = { ...nothing }
  let origin = ""
  let ids = 0
  const now = new Date().toISOString()

  /**
   * Answers as those since 2025-12-21 do. An object has one `source_key`, at its root, and that is all that is read of it: to parse
   * them would take longer than whoever is measured needs to make them.
   */
  const createObjects = (body: string, response: ServerResponse) => {
    const succeeded: Array<string> = []
    for (let at = body.indexOf(keyStart); at >= 0; at = body.indexOf(keyStart, at)) {
      at += keyStart.length
      const key = body.slice(at, body.indexOf('"', at))
      succeeded.push(
        `{"object_id":"obj_${++ids}","bucket_id":"bkt_files","source_key":"${key}","blobs":[{"blob_id":"blob_${ids}","property":"document","type":"pdf"}],"status":"DRAFT","error":null,"created_at":"${now}","updated_at":"${now}"}`
      )
    }
    const count = succeeded.length
    counts.objects += count
    counts.batches++
    if (counts.firstBatchAt === 0) counts.firstBatchAt = Date.now()
    text(
      response,
      `{"succeeded":[${succeeded.join(",")}],"failed":[],"total_requested":${count},"succeeded_count":${count},"failed_count":0}`
    )
  }

  const createUploads = (uploads: ReadonlyArray<Json>, response: ServerResponse) => {
    counts.uploads += uploads.length
    const made = uploads.map((upload) => {
      const id = `upl_${++ids}`
      return {
        ...upload,
        upload_id: id,
        bucket_id: "bkt_files",
        presigned_url: `${origin}/put/${id}?X-Amz-Signature=benchmark`,
        status: "PENDING",
        is_duplicate: false,
        created_at: now
      }
    })
    json(response, { uploads: made, total: made.length })
  }

  const put = (request: IncomingMessage, response: ServerResponse) => {
    const known = Number(request.headers["content-length"]) === content.bytes
    // Of what everybody has, the MD5 is known; only its length is looked at.
    const md5 = known ? undefined : createHash("md5")
    let bytes = 0
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      md5?.update(chunk)
    })
    request.on("end", () => {
      counts.puts++
      counts.putBytes += bytes
      response.writeHead(200, { etag: `"${md5?.digest("hex") ?? content.md5}"`, "content-length": 0 })
      response.end()
    })
  }

  const pass = (request: IncomingMessage, response: ServerResponse) => {
    const through = forward(
      new URL(request.url ?? "/", behind),
      { method: request.method, headers: { ...request.headers, host: new URL(behind).host } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }
    )
    through.on("error", () => response.destroy())
    request.pipe(through)
  }

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const [path = ""] = (request.url ?? "").split("?", 1)
    if (path === "/counts") return json(response, counts)
    if (path === "/reset") return json(response, Object.assign(counts, nothing))
    counts.requests++
    if (path.startsWith("/put/")) return put(request, response)
    // A service that makes text of files, as LangChain's loader wants one.
    if (path.startsWith("/general/")) {
      request.resume()
      request.on("end", () => json(response, [{ type: "NarrativeText", element_id: "1", text: "text", metadata: {} }]))
      return
    }
    if (request.method === "POST" && path.endsWith("/objects/batch")) {
      return read(request, (body) => createObjects(body, response))
    }
    if (request.method === "POST" && path.endsWith("/uploads/batch")) {
      return collect(request, ({ uploads }) => createUploads(listOf(uploads), response))
    }
    if (request.method === "POST" && path.endsWith("/uploads")) {
      return collect(request, (upload) => {
        counts.uploads++
        const id = `upl_${++ids}`
        json(response, { ...upload, upload_id: id, presigned_url: `${origin}/put/${id}`, status: "PENDING" })
      })
    }
    if (request.method === "POST" && path.endsWith("/uploads/confirm/batch")) {
      return collect(request, ({ confirmations }) => {
        counts.confirmed += listOf(confirmations).length
        json(response, {
          task_id: `task_${++ids}`,
          status: "PENDING",
          confirmations_count: listOf(confirmations).length
        })
      })
    }
    if (request.method === "POST" && path.endsWith("/confirm")) {
      counts.confirmed++
      return collect(request, () => json(response, { upload_id: path.split("/").at(-2), status: "COMPLETED" }))
    }
    if (path.startsWith("/v1/tasks/")) return json(response, { task_id: path.split("/").at(-1), status: "COMPLETED" })
    pass(request, response)
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (latency === 0) answer(request, response)
    else setTimeout(answer, latency, request, response)
  })
  server.on("listening", () => {
    const address = server.address()
    if (typeof address === "object" && address !== null) origin = `http://127.0.0.1:${address.port}`
  })
  return server
}
