/**
 * An S3 that does as little as it can: pages are cut out of one piece of text that was written before, and all files have the
 * same bytes. Signatures are not looked at. It is here to be out of the way; `@sluice/testkit` has the one that is exact.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { pattern } from "./pattern.ts"

/** What the one bucket, `files`, holds. */
export interface Options {
  readonly count: number
  /** Folders that the keys are spread over; 0: all of them are in one. */
  readonly folders: number
  /** Bytes of each. */
  readonly bytes: number
  /** Milliseconds until an answer begins. */
  readonly latency: number
}

const digits = (index: number, width: number) => String(index).padStart(width, "0")

/** The key with this number; ascending. */
export const keyOf = ({ count, folders }: Pick<Options, "count" | "folders">, index: number): string => {
  const folder = folders === 0 ? "all" : digits(Math.floor(index / Math.ceil(count / folders)), 6)
  return `archive/${folder}/document-${digits(index, 9)}.pdf`
}

/** Lines of a listing in one buffer, with where each begins. */
const writeLines = (options: Options, etag: string) => {
  const { bytes, count } = options
  const line = (key: string) =>
    `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${bytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  const lines: Array<Buffer> = []
  const starts = new Float64Array(count + 1)
  const perPiece = 10_000
  let at = 0
  for (let first = 0; first < count; first += perPiece) {
    let piece = ""
    for (let index = first; index < Math.min(count, first + perPiece); index++) {
      const text = line(keyOf(options, index))
      starts[index] = at
      at += text.length
      piece += text
    }
    lines.push(Buffer.from(piece, "latin1"))
  }
  starts[count] = at
  return { text: Buffer.concat(lines), starts }
}

export const make = (options: Options): Server => {
  const { bytes, count, latency } = options
  const body = pattern(bytes)
  const etag = createHash("md5")
  for (const chunk of body.chunks(0)) etag.update(chunk)
  const md5 = etag.digest("hex")
  const { starts, text } = writeLines(options, md5)

  /** The first number whose key is above `after`, or at it where `inclusive`. */
  const position = (after: string, inclusive: boolean) => {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      const key = keyOf(options, middle)
      if (key > after || (inclusive && key === after)) high = middle
      else low = middle + 1
    }
    return low
  }

  const page = (query: URLSearchParams, response: ServerResponse) => {
    const prefix = query.get("prefix") ?? ""
    const delimiter = query.get("delimiter") ?? ""
    const token = query.get("continuation-token")
    const after = query.get("start-after") ?? ""
    const max = Math.min(1000, Number(query.get("max-keys") ?? 1000))
    const first = Math.max(token === null ? position(after, false) : Number(token), position(prefix, true))
    const end = position(`${prefix}\uffff`, false)
    const pieces: Array<Buffer> = []
    const prefixes: Array<string> = []
    let at = first
    let keys = 0
    if (delimiter === "") {
      at = Math.min(end, first + max)
      keys = Math.max(0, at - first)
      if (keys > 0) pieces.push(text.subarray(starts[first], starts[at]))
    } else {
      while (at < end && keys + prefixes.length < max) {
        const key = keyOf(options, at)
        const cut = key.indexOf(delimiter, prefix.length)
        if (cut < 0) {
          pieces.push(text.subarray(starts[at], starts[at + 1]))
          keys++
          at++
        } else {
          const common = key.slice(0, cut + 1)
          at = position(`${common}\uffff`, false)
          if (common > after) prefixes.push(common)
        }
      }
    }
    const truncated = at < end
    const head = Buffer.from(
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>files</Name><Prefix>${prefix}</Prefix>${
        truncated ? `<NextContinuationToken>${at}</NextContinuationToken>` : ""
      }<KeyCount>${keys + prefixes.length}</KeyCount><MaxKeys>${max}</MaxKeys>${
        query.has("encoding-type") ? "<EncodingType>url</EncodingType>" : ""
      }<IsTruncated>${truncated}</IsTruncated>`
    )
    const tail = Buffer.from(
      `${prefixes.map((common) => `<CommonPrefixes><Prefix>${common}</Prefix></CommonPrefixes>`).join("")}</ListBucketResult>`
    )
    const length = [head, ...pieces, tail].reduce((sum, piece) => sum + piece.length, 0)
    response.writeHead(200, { "content-type": "application/xml", "content-length": length })
    response.write(head)
    for (const piece of pieces) response.write(piece)
    response.end(tail)
  }

  const file = (request: IncomingMessage, key: string, response: ServerResponse) => {
    const index = position(key, true)
    if (index >= count || keyOf(options, index) !== key) {
      response.writeHead(404, { "content-type": "application/xml" })
      response.end("<Error><Code>NoSuchKey</Code><Message>There is no such key.</Message></Error>")
      return
    }
    const [, from = "0", to = String(bytes - 1)] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? []
    const start = Number(from)
    const end = Math.min(bytes - 1, to === "" ? bytes - 1 : Number(to))
    const partial = request.headers.range !== undefined
    response.writeHead(partial ? 206 : 200, {
      "content-type": "application/pdf",
      "content-length": end - start + 1,
      "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
      "accept-ranges": "bytes",
      etag: `"${md5}"`,
      ...(partial ? { "content-range": `bytes ${start}-${end}/${bytes}` } : {})
    })
    if (request.method === "HEAD") response.end()
    else body.write(response, start, end + 1)
  }

  const copies = new Set<string>()

  /** A second bucket, for those who copy from one S3 to another. */
  const copy = (request: IncomingMessage, key: string, response: ServerResponse) => {
    const head = { etag: `"${md5}"`, "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" }
    if (request.method === "PUT") {
      request.on("end", () => {
        copies.add(key)
        response.writeHead(200, { ...head, "content-length": 0 })
        response.end()
      })
      request.resume()
      return
    }
    response.writeHead(copies.has(key) ? 200 : 404, { ...head, "content-length": copies.has(key) ? bytes : 0 })
    response.end()
  }

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2)
    const [, bucket = "", ...rest] = path.split("/")
    if (bucket === "copies" && rest.join("") !== "") return copy(request, path, response)
    if (bucket === "copies") {
      response.writeHead(200, { "content-type": "application/xml" })
      response.end(
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>copies</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>'
      )
      return
    }
    if (rest.join("") !== "") return file(request, decodeURIComponent(rest.join("/")), response)
    if (request.method === "HEAD" || bucket === "") {
      response.writeHead(200, { "x-amz-bucket-region": "us-east-1" })
      response.end()
      return
    }
    page(new URLSearchParams(query), response)
  }

  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (latency === 0) answer(request, response)
    else setTimeout(answer, latency, request, response)
  })
}
