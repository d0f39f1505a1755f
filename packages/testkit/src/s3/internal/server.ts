/** The HTTP server: from a request to its answer, and the log of both. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { setTimeout as wait } from "node:timers/promises"
import { transmit } from "../../internal/transmit.ts"
import { type Answer, refused, type Work } from "./answer.ts"
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketVersioning
} from "./buckets.ts"
import type { Credential } from "./credentials.ts"
import { createSession } from "./directory.ts"
import { listObjects, listObjectsV2 } from "./listing.ts"
import { abortMultipartUpload, completeMultipartUpload, createMultipartUpload, uploadPart } from "./multipart.ts"
import { type Operation, operationOf } from "./operation.ts"
import { readPayload } from "./payload.ts"
import { readObject } from "./reading.ts"
import { Refusal } from "./refusal.ts"
import { readRequest, type S3Request } from "./request.ts"
import { type Claim, readClaim, verifyClaim, wrongRegion } from "./signature.ts"
import type { Bucket, Store } from "./store.ts"
import type { Plan, Striking, Target } from "./striking.ts"
import { deleteObjectTagging, getObjectTagging, putObjectTagging, restoreObject } from "./tagging.ts"
import { listObjectVersions } from "./versions.ts"
import { copyObject, deleteObject, deleteObjects, putObject } from "./writing.ts"

/** One request and what became of it. */
export interface RequestLogEntry {
  readonly method: string
  /** Absent for what is no request to S3. */
  readonly operation: Operation | undefined
  readonly bucket: string
  /** Empty for operations on buckets. */
  readonly key: string
  /** The prefix a listing asked for. */
  readonly prefix: string | undefined
  /** 0 when the connection was reset before an answer. */
  readonly status: number
  /** The code of the error document. */
  readonly error: string | undefined
  /** Faults that struck, by their tags. */
  readonly faults: ReadonlyArray<string>
  /** Milliseconds since 1970 when the request came in, by the clock of the stand-in. */
  readonly at: number
}

export interface ServerState {
  readonly store: Store
  readonly credentials: Map<string, Credential>
  readonly striking: Striking
  readonly region: string
  /** What a request signed for the region of another bucket gets: 301, or 400. */
  readonly wrongRegion: "redirect" | "malformed"
  readonly now: () => number
  readonly replace: (bucket: Bucket, keys: ReadonlyArray<string>) => void
  readonly log: (entry: RequestLogEntry) => void
}

type Handler = (work: Work) => Answer | Promise<Answer>

const handlers: Readonly<Record<Exclude<Operation, "ListBuckets" | "CreateBucket" | "CreateSession">, Handler>> = {
  DeleteBucket: deleteBucket,
  HeadBucket: headBucket,
  GetBucketLocation: getBucketLocation,
  GetBucketVersioning: getBucketVersioning,
  PutBucketVersioning: putBucketVersioning,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  GetObject: readObject,
  HeadObject: readObject,
  PutObject: putObject,
  CopyObject: copyObject,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetObjectTagging: getObjectTagging,
  PutObjectTagging: putObjectTagging,
  DeleteObjectTagging: deleteObjectTagging,
  RestoreObject: restoreObject,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload
}

const publicOperations: ReadonlySet<Operation> = new Set([
  "HeadBucket",
  "ListObjects",
  "ListObjectsV2",
  "GetObject",
  "HeadObject"
])

const checkRegion = (state: ServerState, claim: Claim | undefined, bucket: Bucket | undefined): void => {
  const expected = bucket?.region ?? state.region
  if (claim === undefined || claim.region === expected) return
  const headers = bucket === undefined ? {} : { "x-amz-bucket-region": expected }
  if (bucket !== undefined && state.wrongRegion === "redirect") {
    throw new Refusal("PermanentRedirect", {
      headers,
      elements: { Endpoint: `s3.${expected}.amazonaws.com`, Bucket: bucket.name, Region: expected }
    })
  }
  const refusal = wrongRegion(claim, expected)
  throw new Refusal(refusal.code, { message: refusal.message, elements: refusal.elements, headers })
}

const targetOf = (operation: Operation, request: S3Request): Target => ({
  operation,
  bucket: request.bucket,
  text: request.key === "" ? (request.parameter("prefix") ?? "") : request.key
})

const serve = async (
  state: ServerState,
  message: IncomingMessage,
  request: S3Request,
  operation: Operation,
  plan: Plan
): Promise<Answer> => {
  const { store } = state
  const claim = readClaim(request)
  const bucket = operation === "CreateBucket" ? undefined : store.buckets.get(request.bucket)
  checkRegion(state, claim, bucket)
  const caller = claim === undefined ? undefined : verifyClaim(request, claim, state.credentials)
  if (caller === undefined && !(bucket?.public === true && publicOperations.has(operation))) {
    throw new Refusal("AccessDenied")
  }
  const payload = await readPayload(message, request, caller)
  if (plan.denial !== undefined) throw plan.denial
  if (operation === "ListBuckets") return listBuckets(store)
  if (operation === "CreateBucket") return createBucket(store, request, payload.bytes, state.region)
  if (bucket === undefined) throw new Refusal("NoSuchBucket", { elements: { BucketName: request.bucket } })
  if (operation === "CreateSession") {
    return createSession(store, bucket, request.now, (credential) =>
      state.credentials.set(credential.accessKeyId, credential)
    )
  }
  if (bucket.requesterPays && request.headerOrParameter("x-amz-request-payer") !== "requester") {
    throw new Refusal("AccessDenied")
  }
  return handlers[operation]({
    request,
    payload,
    store,
    bucket,
    authenticated: caller !== undefined,
    mayList: !state.striking.denies({ ...targetOf("ListObjectsV2", request), text: request.key }),
    listed: (keys) => {
      const replaced = state.striking.replaced(bucket.name, keys)
      if (replaced.length > 0) state.replace(bucket, replaced)
    }
  })
}

const respond = async (
  state: ServerState,
  message: IncomingMessage,
  response: ServerResponse,
  number: number
): Promise<void> => {
  const now = state.now()
  const id = number.toString(16).toUpperCase().padStart(16, "0")
  let request: S3Request | undefined
  let operation: Operation | undefined
  let plan: Plan | undefined
  const log = (status: number, error: string | undefined) =>
    state.log({
      method: message.method ?? "",
      operation,
      bucket: request?.bucket ?? "",
      key: request?.key ?? "",
      prefix: request?.parameter("prefix"),
      status,
      error,
      faults: plan?.struck ?? [],
      at: now
    })
  let answer: Answer
  let code: string | undefined
  try {
    request = readRequest(message, now)
    operation = operationOf(request)
    plan = state.striking.plan(targetOf(operation, request))
    if (plan.latency > 0) await wait(plan.latency, undefined, { ref: false })
    if (plan.reset) {
      log(0, undefined)
      message.socket.resetAndDestroy()
      return
    }
    if (plan.refusal !== undefined) throw plan.refusal
    answer = await serve(state, message, request, operation, plan)
  } catch (cause) {
    const refusal = cause instanceof Refusal ? cause : new Refusal("InternalError", { message: String(cause) })
    code = refusal.code
    answer = refused(refusal, request, id)
  }
  // What was not read of the request would stand before the next one on the connection.
  message.resume()
  log(answer.status, code)
  const headers = {
    date: new Date(now).toUTCString(),
    server: "AmazonS3",
    "x-amz-request-id": id,
    "x-amz-id-2": "stand-in",
    ...answer.headers
  }
  await transmit(response, { ...answer, headers }, plan)
}

/** Makes the server; it does not listen yet. */
export const makeServer = (state: ServerState): Server => {
  let number = 0
  const server = createServer(
    { maxHeaderSize: 65_536, keepAliveTimeout: 65_000, requestTimeout: 0 },
    (message, response) => {
      // A client that went away is no business of the server's.
      respond(state, message, response, ++number).catch(() => response.destroy())
    }
  )
  return server
}
