/**
 * The client's requests about processing batches. Those that change something are tried once: what became of them is found out
 * before they are repeated.
 */
import type { Sink } from "@sluice/core"
import { Effect, type Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import * as BatchWire from "./BatchWire.ts"
import { type Answer, bucketPath, decoder, type Requests } from "./Requests.ts"

const decodeBatch = decoder(BatchWire.BatchResponse)
const decodeList = decoder(BatchWire.ListBatchesResponse)
const decodeFailed = decoder(BatchWire.FailedDocumentsResponse)
const decodeRetry = decoder(BatchWire.RetryResponse)

type Of<A> = Effect.Effect<Answer<A>, Sink.SinkError>

/** Batches, from their creation to their results. */
export interface BatchRequests {
  /** `POST …/batches`, once. Objects that are not there are not looked for. `Ambiguous` where the answer was lost. */
  readonly create: (bucket: string, objectIds: ReadonlyArray<string>) => Of<BatchWire.BatchResponse>
  /** `POST …/batches/{batch}/submit`, once. `Ambiguous` where the answer was lost. */
  readonly submit: (bucket: string, batchId: string) => Of<void>
  /** `GET …/batches/{batch}`, retried; `undefined` where it is not there. */
  readonly get: (bucket: string, batchId: string) => Of<BatchWire.BatchResponse | undefined>
  /** `POST …/batches/list`, retried: those that were not submitted, 1,000 at most. */
  readonly listDrafts: (bucket: string, offset: number) => Of<typeof BatchWire.ListBatchesResponse.Type>
  /** `GET …/batches/{batch}/failed-documents`, retried: 100 at most. */
  readonly failed: (
    bucket: string,
    batchId: string,
    offset: number
  ) => Of<typeof BatchWire.FailedDocumentsResponse.Type>
  /** `POST …/batches/{batch}/retry` of what may pass, once. `Ambiguous` where the answer was lost. */
  readonly retry: (bucket: string, batchId: string, maxRetries: number) => Of<typeof BatchWire.RetryResponse.Type>
}

const json = (body: unknown) => HttpClientRequest.bodyText(JSON.stringify(body), "application/json")

const orUndefined =
  <A>(decode: (text: string) => Effect.Effect<A, Schema.SchemaError>) =>
  (text: string): Effect.Effect<A | undefined, Schema.SchemaError> =>
    decode(text)

/** On a client for one key and namespace. */
export const make = ({ exchange, retried }: Requests): BatchRequests => {
  const path = (bucket: string, batchId: string) => `${bucketPath(bucket)}/batches/${encodeURIComponent(batchId)}`
  const call = (bucket: string, operation: string) => ({ sink: `mixpeek:${bucket}`, operation })
  return {
    create: Effect.fn("Mixpeek.createBatch")((bucket, objectIds) =>
      exchange({
        ...call(bucket, "createBatch"),
        creates: true,
        category: "metadata",
        request: HttpClientRequest.post(`${bucketPath(bucket)}/batches`).pipe(
          HttpClientRequest.setUrlParams({ skip_validation: true }),
          json({ object_ids: objectIds })
        ),
        decode: decodeBatch
      })
    ),
    submit: Effect.fn("Mixpeek.submitBatch")((bucket, batchId) =>
      exchange({
        ...call(bucket, "submitBatch"),
        creates: true,
        category: "compute",
        request: HttpClientRequest.post(`${path(bucket, batchId)}/submit`).pipe(json({})),
        decode: () => Effect.void
      })
    ),
    get: Effect.fn("Mixpeek.getBatch")((bucket, batchId) =>
      retried({
        ...call(bucket, "getBatch"),
        creates: false,
        category: "metadata",
        request: HttpClientRequest.get(path(bucket, batchId)),
        decode: orUndefined(decodeBatch),
        // Of the API, and not of a proxy, or of a version without this path.
        absent: { value: undefined, says: (body) => body.shape === "envelope" }
      })
    ),
    listDrafts: Effect.fn("Mixpeek.listBatches")((bucket, offset) =>
      retried({
        ...call(bucket, "listBatches"),
        creates: false,
        category: "metadata",
        request: HttpClientRequest.post(`${bucketPath(bucket)}/batches/list`).pipe(
          json({ status: "DRAFT", limit: BatchWire.maxListed, offset })
        ),
        decode: decodeList
      })
    ),
    failed: Effect.fn("Mixpeek.getFailedDocuments")((bucket, batchId, offset) =>
      retried({
        ...call(bucket, "getFailedDocuments"),
        creates: false,
        category: "metadata",
        request: HttpClientRequest.get(`${path(bucket, batchId)}/failed-documents`).pipe(
          HttpClientRequest.setUrlParams({ limit: BatchWire.maxFailed, offset })
        ),
        decode: decodeFailed,
        // Not in every version: the batch itself says some of it.
        absent: { value: {} }
      })
    ),
    retry: Effect.fn("Mixpeek.retryBatch")((bucket, batchId, maxRetries) =>
      exchange({
        ...call(bucket, "retryBatch"),
        creates: true,
        category: "compute",
        request: HttpClientRequest.post(`${path(bucket, batchId)}/retry`).pipe(
          json({ retry_mode: "transient_only", max_retry_count: maxRetries })
        ),
        decode: decodeRetry
      })
    )
  }
}
