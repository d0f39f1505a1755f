/**
 * `putUpload`: the PUT of a file to its presigned address. Not in the description, since it goes to S3 and not to the
 * API; what it answers is S3's.
 */
import { Duration, Effect } from "effect"
import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { errorDocument } from "../s3/internal/answer.ts"
import { Refusal } from "../s3/internal/refusal.ts"
import type { Fault } from "./Faults.ts"
import { badGateway, type Exchanged, gatewayTimeout, pause, type Reply } from "./Reply.ts"
import type { State } from "./State.ts"
import * as Storage from "./Storage.ts"

/** A body that was read: hashed as it came, and not kept. */
interface Received {
  readonly size: number
  readonly sha256: string
  readonly md5: Buffer
  readonly bytes: Uint8Array
}

interface Reading {
  /** Bytes of the body that are kept. */
  readonly keep: number
  /** Bytes after which the connection is to break. */
  readonly breakAt: number | undefined
  /** Whether the first byte arrives as another. */
  readonly corrupt: boolean
}

const flipped = (chunk: Buffer): Buffer => Buffer.concat([Buffer.of((chunk[0] ?? 0) ^ 0xff), chunk.subarray(1)])

/** Reads a body; `broken` where it is to break and has got there, with the bytes read. */
const receive = (
  message: IncomingMessage,
  { breakAt, corrupt, keep }: Reading
): Effect.Effect<Received | { readonly broken: number }> =>
  Effect.callback((resume) => {
    const sha256 = createHash("sha256")
    const md5 = createHash("md5")
    const kept: Array<Buffer> = []
    let size = 0
    message.on("data", (sent: Buffer) => {
      const chunk = corrupt && size === 0 ? flipped(sent) : sent
      sha256.update(chunk)
      md5.update(chunk)
      // A copy: a part of a chunk would hold on to all of it.
      if (size < keep) kept.push(Buffer.from(chunk.subarray(0, keep - size)))
      size += chunk.byteLength
      if (breakAt !== undefined && size >= breakAt) resume(Effect.succeed({ broken: size }))
    })
    message.on("end", () =>
      resume(
        Effect.succeed({
          size,
          sha256: sha256.digest("hex"),
          md5: md5.digest(),
          bytes: new Uint8Array(Buffer.concat(kept))
        })
      )
    )
    // The client is gone: nobody waits for an answer, and S3 stores nothing of half a body.
    message.on("error", () => resume(Effect.interrupt))
    if (message.destroyed) resume(Effect.interrupt)
  })

const document = (state: State, refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Reply => ({
  _tag: "Text",
  status: refusal.status,
  headers: { "content-type": "application/xml", ...headers },
  text: errorDocument(refusal, state.newId("s3"))
})

const store = (state: State, { contentType, key, md5 }: Storage.Permit, body: Received): Reply => {
  if (md5 !== undefined && md5 !== body.md5.toString("base64")) return document(state, new Refusal("BadDigest"))
  const isEncrypted = state.settings.uploads.encrypted === true
  // Of what is encrypted with a key of KMS, S3's ETag is no MD5 of what was put.
  const etag = isEncrypted ? createHash("md5").update(`${key} ${body.sha256}`).digest("hex") : body.md5.toString("hex")
  const puts = (state.files.get(key)?.puts ?? 0) + 1
  const { bytes, sha256, size } = body
  state.files.set(key, { size, sha256, etag, bytes, contentType, puts })
  const encryption: Record<string, string> = isEncrypted ? { "x-amz-server-side-encryption": "aws:kms" } : {}
  return { _tag: "Text", status: 200, headers: { etag: `"${etag}"`, ...encryption }, text: "" }
}

const struck = (state: State, { kind, wait }: Fault): Reply => {
  const retryAfter: Record<string, string> =
    wait === undefined ? {} : { "retry-after": String(Math.ceil(Duration.toSeconds(Duration.fromInputUnsafe(wait)))) }
  switch (kind) {
    case "reset":
    case "reset-in-body":
    // An answer without a body has no middle.
    case "truncated":
    case "corrupt":
      return { _tag: "Reset" }
    case "silence":
      return { _tag: "Silence" }
    case "bad-gateway":
      return badGateway
    case "gateway-timeout":
      return gatewayTimeout
    case "unavailable":
      return document(state, new Refusal("ServiceUnavailable"), retryAfter)
    case "throttle":
      return document(state, new Refusal("SlowDown"), retryAfter)
    case "server-error":
      return document(state, new Refusal("InternalError"))
    case "expired":
      return document(state, new Refusal("AccessDenied", { message: "Request has expired" }))
    case "unauthorized":
      return document(state, new Refusal("AccessDenied"))
  }
}

/** From the head of a request to its answer. Where it is refused by its head, the body is left unread. */
export const put = Effect.fnUntraced(function* (state: State, message: IncomingMessage) {
  const { faults, latency, uploads } = state.settings
  const operation = message.method === "PUT" ? "putUpload" : "probeStorage"
  const fault = state.faults.next(faults, operation)
  const answered = (reply: Reply, bytes: number): Exchanged => ({
    reply,
    operation,
    records: 0,
    bytes,
    fault: fault?.kind,
    afterwards: Effect.void
  })
  yield* pause(latency)
  const now = state.clock.currentTimeMillisUnsafe()
  if (fault !== undefined && operation === "probeStorage") return answered(struck(state, fault), 0)
  const permit = Storage.admit(message, now, uploads.maxPutBytes ?? 5 * 2 ** 30)
  if (permit instanceof Refusal) return answered(document(state, permit), 0)
  const body = yield* receive(message, {
    keep: state.keepContent,
    breakAt: fault?.kind === "reset-in-body" ? Math.ceil(permit.length / 2) : undefined,
    corrupt: fault?.kind === "corrupt"
  })
  if ("broken" in body) return answered({ _tag: "Reset" }, body.broken)
  const commit = Effect.sync(() => store(state, permit, body))
  if (fault === undefined || fault.kind === "corrupt") return answered(yield* commit, body.size)
  if (fault.commits === "before") yield* commit
  yield* pause(fault.delay ?? 0)
  const late = fault.commits === "after" ? Effect.delay(commit, fault.commitDelay ?? "100 millis") : Effect.void
  return { ...answered(struck(state, fault), body.size), afterwards: late }
})
