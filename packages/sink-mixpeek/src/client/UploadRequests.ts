/**
 * The client's requests about uploads. All of them may be repeated: at worst an upload is made that nobody uses, and those are
 * found by their metadata and taken back.
 */
import type { Sink, Source } from "@sluice/core"
import { Effect, type Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import { type Answer, bucketPath, decoder, type Requests } from "./Requests.ts"
import * as Bandwidth from "../limits/Bandwidth.ts"
import * as Storage from "./Storage.ts"
import * as UploadWire from "./UploadWire.ts"

const decodeCreated = decoder(UploadWire.BatchUploadResponse)
const decodeUpload = decoder(UploadWire.UploadResponse)
const decodeList = decoder(UploadWire.ListUploadsResponse)
const decodeConfirmed = decoder(UploadWire.ConfirmUploadResponse)
const decodeAccepted = decoder(UploadWire.BatchConfirmResponse)
const decodeTask = decoder(UploadWire.TaskResponse)

type Of<A> = Effect.Effect<Answer<A>, Sink.SinkError>

/** Uploads, from their creation to their confirmation. `Refused` where the API does not take what is asked for. */
export interface UploadRequests {
  /** `POST …/uploads/batch`, at most 100. */
  readonly create: (
    bucket: string,
    uploads: ReadonlyArray<UploadWire.CreateUploadRequest>
  ) => Of<typeof UploadWire.BatchUploadResponse.Type>
  /** The bytes themselves, to the storage: tried once, and no sooner than it is up. */
  readonly put: (what: Storage.Put) => Effect.Effect<Storage.Stored, Storage.StorageError | Source.SourceError>
  /** `GET …/uploads/{upload}`; `undefined` where it is not there. */
  readonly get: (bucket: string, uploadId: string) => Of<UploadWire.UploadResponse | undefined>
  /** `POST …/uploads/list`: 100 at most. */
  readonly list: (
    bucket: string,
    body: UploadWire.ListUploadsRequest,
    offset: number
  ) => Of<typeof UploadWire.ListUploadsResponse.Type>
  /** `POST …/uploads/{upload}/confirm`; `inBackground`: the answer says that it goes on. */
  readonly confirm: (
    bucket: string,
    confirmation: UploadWire.Confirmation,
    inBackground: boolean
  ) => Of<typeof UploadWire.ConfirmUploadResponse.Type>
  /** `POST …/uploads/confirm/batch`, at most 100: a task. */
  readonly confirmAll: (
    bucket: string,
    confirmations: ReadonlyArray<UploadWire.Confirmation>
  ) => Of<typeof UploadWire.BatchConfirmResponse.Type>
  /** `DELETE …/uploads/{upload}`: whether it was there. `Refused` where it is confirmed already. */
  readonly cancel: (bucket: string, uploadId: string) => Of<boolean>
  /** `GET /v1/tasks/{task}`; `undefined` where it is forgotten. */
  readonly task: (bucket: string, taskId: string) => Of<UploadWire.TaskResponse | undefined>
}

const json = (body: unknown) => HttpClientRequest.bodyText(JSON.stringify(body), "application/json")

const orUndefined =
  <A>(decode: (text: string) => Effect.Effect<A, Schema.SchemaError>) =>
  (text: string): Effect.Effect<A | undefined, Schema.SchemaError> =>
    decode(text)

/** On a client for one key and namespace. */
export const make = ({ options, retried, storage }: Requests): UploadRequests => {
  const path = (bucket: string, uploadId: string) => `${bucketPath(bucket)}/uploads/${encodeURIComponent(uploadId)}`
  const call = (bucket: string, operation: string) =>
    ({ sink: `mixpeek:${bucket}`, operation, category: "upload", creates: true }) as const
  const rate = options.uploadBytesPerSecond
  const cap = rate === undefined ? undefined : Bandwidth.ofThisProcess.cap(rate)
  return {
    create: Effect.fn("Mixpeek.createUploads")((bucket, uploads) =>
      retried({
        ...call(bucket, "createUploadsBatch"),
        request: HttpClientRequest.post(`${bucketPath(bucket)}/uploads/batch`).pipe(json({ uploads })),
        decode: decodeCreated
      })
    ),
    put: (what) => Storage.putWhenUp(storage, what, { ...options, cap }),
    get: Effect.fn("Mixpeek.getUpload")((bucket, uploadId) =>
      retried({
        ...call(bucket, "getUpload"),
        request: HttpClientRequest.get(path(bucket, uploadId)),
        decode: orUndefined(decodeUpload),
        absent: { value: undefined }
      })
    ),
    list: Effect.fn("Mixpeek.listUploads")((bucket, body, offset) =>
      retried({
        ...call(bucket, "listUploads"),
        request: HttpClientRequest.post(`${bucketPath(bucket)}/uploads/list`).pipe(
          HttpClientRequest.setUrlParams({ limit: UploadWire.maxUploads, offset }),
          json({ ...body, limit: UploadWire.maxUploads, offset })
        ),
        decode: decodeList
      })
    ),
    confirm: Effect.fn("Mixpeek.confirmUpload")((bucket, { upload_id, ...body }, inBackground) =>
      retried({
        ...call(bucket, "confirmUpload"),
        request: HttpClientRequest.post(`${path(bucket, upload_id)}/confirm`).pipe(
          HttpClientRequest.setUrlParams(inBackground ? { async: true } : {}),
          json(body)
        ),
        decode: decodeConfirmed
      })
    ),
    confirmAll: Effect.fn("Mixpeek.confirmUploads")((bucket, confirmations) =>
      retried({
        ...call(bucket, "confirmUploadsBatch"),
        request: HttpClientRequest.post(`${bucketPath(bucket)}/uploads/confirm/batch`).pipe(json({ confirmations })),
        decode: decodeAccepted
      })
    ),
    cancel: Effect.fn("Mixpeek.cancelUpload")((bucket, uploadId) =>
      retried({
        ...call(bucket, "cancelUpload"),
        request: HttpClientRequest.delete(path(bucket, uploadId)),
        decode: () => Effect.succeed(true),
        absent: { value: false }
      })
    ),
    task: Effect.fn("Mixpeek.getTask")((bucket, taskId) =>
      retried({
        ...call(bucket, "getTask"),
        category: "metadata",
        request: HttpClientRequest.get(`/v1/tasks/${encodeURIComponent(taskId)}`),
        decode: orUndefined(decodeTask),
        absent: { value: undefined }
      })
    )
  }
}
