/** What a handler is given, and what it answers. */
import { type Body, memoryBody } from "../../internal/body.ts"
import type { Answer } from "../../internal/transmit.ts"
import type { Payload } from "./payload.ts"
import type { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"
import type { Bucket, Store } from "./store.ts"
import { document, element } from "./xml.ts"

export type { Answer }

/** A request whose signature and bucket were found good. */
export interface Work {
  readonly request: S3Request
  readonly payload: Payload
  readonly store: Store
  readonly bucket: Bucket
  /** False for a request without a signature. */
  readonly authenticated: boolean
  /** Whether an absent key may be told from a forbidden one: the caller may list the bucket. */
  readonly mayList: boolean
  /** Told the keys of each page before it is sent. */
  readonly listed: (keys: ReadonlyArray<string>) => void
}

/** The name of the account that owns everything. */
export const owner = { id: "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a", name: "sluice" }

export const ownerElement = (name: "Owner" | "Initiator"): string =>
  `<${name}>${element("ID", owner.id)}${element("DisplayName", owner.name)}</${name}>`

/** An answer without a body. */
export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: undefined,
  from: 0,
  to: 0
})

/** An answer with a stretch of an object's bytes. */
export const bytes = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Body,
  from: number,
  to: number
): Answer => ({ status, headers, body, from, to })

/** An answer with an XML document. */
export const xml = (
  root: string,
  content: string,
  headers: Readonly<Record<string, string>> = {},
  status = 200
): Answer => rawXml(status, document(root, content), headers)

const rawXml = (status: number, text: string, headers: Readonly<Record<string, string>>): Answer => {
  const body = memoryBody(Buffer.from(text))
  return bytes(status, { "content-type": "application/xml", ...headers }, body, 0, body.size)
}

/** The error document: `<Error><Code>…`. */
export const errorDocument = (refusal: Refusal, requestId: string): string => {
  const elements: Record<string, string> = {
    Code: refusal.code,
    Message: refusal.message,
    ...refusal.elements,
    RequestId: requestId,
    HostId: "stand-in"
  }
  const content = Object.entries(elements).map(([name, text]) => element(name, text))
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content.join("")}</Error>`
}

/** A refusal as an answer. That to a HEAD has no document: the status is all a client gets. */
export const refused = (refusal: Refusal, request: S3Request | undefined, requestId: string): Answer =>
  request?.method === "HEAD"
    ? empty(refusal.status, refusal.headers)
    : rawXml(refusal.status, errorDocument(refusal, requestId), refusal.headers)
