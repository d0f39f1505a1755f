/** Pages of a listing, raw: one request after the other on one connection, and what is between two tags. */
import { Agent, request } from "node:http"
import type { Addresses } from "../servers/main.ts"

const between = (text: string, open: string, close: string, from = 0): string => {
  const at = text.indexOf(open, from)
  return at < 0 ? "" : text.slice(at + open.length, text.indexOf(close, at + open.length))
}

/** The bodies of all pages. */
export async function* bodies({ s3 }: Pick<Addresses, "s3">): AsyncGenerator<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const get = (path: string) =>
    new Promise<string>((resolve, reject) => {
      request(new URL(path, s3.url), { agent }, (response) => {
        response.setEncoding("latin1")
        let text = ""
        response.on("data", (chunk: string) => (text += chunk))
        response.on("end", () => resolve(text))
        response.on("error", reject)
      })
        .on("error", reject)
        .end()
    })
  let next = ""
  do {
    const token = next === "" ? "" : `&continuation-token=${encodeURIComponent(next)}`
    const body = await get(`/${s3.bucket}?list-type=2&encoding-type=url${token}`)
    next = between(body, "<NextContinuationToken>", "<")
    yield body
  } while (next !== "")
  agent.destroy()
}

/** What there is to know of each file of a page. */
export const files = (body: string) => {
  const found: Array<{ key: string; size: number; etag: string; modified: string }> = []
  for (let at = body.indexOf("<Key>"); at >= 0; at = body.indexOf("<Key>", at)) {
    const end = body.indexOf("<", at + 5)
    const key = body.slice(at + 5, end)
    const modified = body.indexOf("<LastModified>", end) + 14
    const etag = body.indexOf("<ETag>", modified) + 6
    const size = body.indexOf("<Size>", etag) + 6
    at = body.indexOf("<", size)
    found.push({
      key,
      size: Number(body.slice(size, at)),
      etag: body.slice(etag + 6, body.indexOf("&", etag + 6)),
      modified: body.slice(modified, body.indexOf("<", modified))
    })
  }
  return found
}
