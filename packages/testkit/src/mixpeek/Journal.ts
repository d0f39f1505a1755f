/**
 * What happened: requests by time, breaches of the API description, requests that came too early.
 */
import { type Ring, ring } from "../internal/ring.ts"

/** One request and how it was answered. Times are milliseconds since 1970 on the stand-in's clock. */
export interface RequestRecord {
  readonly at: number
  readonly method: string
  readonly path: string
  /** The description's `operationId`; `putUpload` for a PUT to the storage, `probeStorage` for anything else there, `unknown` where no path matches. */
  readonly operation: string
  /** 0 where the connection was broken before an answer. */
  readonly status: number
  /** Objects in a create request; 0 elsewhere. */
  readonly records: number
  /** Bytes of the request's body. */
  readonly bytes: number
  readonly requestId: string
  /** Kind of the fault that struck it. */
  readonly fault: string | undefined
}

/** Sums over all requests, kept also when the requests themselves no longer are. */
export interface Totals {
  readonly requests: number
  readonly records: number
  readonly bytes: number
  /** Bytes put to the storage, of PUTs that failed too; `bytes` includes them. */
  readonly bytesPut: number
  readonly byOperation: Readonly<Record<string, number>>
  readonly byStatus: Readonly<Record<string, number>>
  readonly firstAt: number | undefined
  readonly lastAt: number | undefined
  /** Most requests to the API there were at the same time. */
  readonly mostAtOnce: number
}

/** A request that came before the time it had been told to wait for. */
export interface TooEarly {
  readonly at: number
  readonly operation: string
  /** When `Retry-After` allowed it. */
  readonly allowedAt: number
  /** When the answer with that `Retry-After` was given. */
  readonly toldAt: number
}

/** An object that was refused. */
export interface Refusal {
  readonly bucket: string
  readonly sourceKey: string | undefined
  readonly errorType: string
  readonly error: string
}

export interface Journal {
  readonly requests: Ring<RequestRecord>
  readonly violations: Ring<string>
  readonly tooEarly: Ring<TooEarly>
  readonly refusals: Ring<Refusal>
  readonly count: (record: RequestRecord) => void
  /** Notes that a request to the API has begun; the returned number is how many there are now. */
  readonly begin: () => number
  readonly end: () => void
  readonly totals: () => Totals
}

export const make = (capacity: number): Journal => {
  const byOperation: Record<string, number> = {}
  const byStatus: Record<string, number> = {}
  const sums = { requests: 0, records: 0, bytes: 0, bytesPut: 0 }
  let firstAt: number | undefined
  let lastAt: number | undefined
  let now = 0
  let most = 0
  const requests = ring<RequestRecord>(capacity)
  return {
    requests,
    violations: ring(capacity),
    tooEarly: ring(capacity),
    refusals: ring(capacity),
    count: (record) => {
      requests.add(record)
      sums.requests++
      sums.records += record.records
      sums.bytes += record.bytes
      if (record.operation === "putUpload") sums.bytesPut += record.bytes
      byOperation[record.operation] = (byOperation[record.operation] ?? 0) + 1
      byStatus[record.status] = (byStatus[record.status] ?? 0) + 1
      firstAt ??= record.at
      lastAt = record.at
    },
    begin: () => {
      most = Math.max(most, ++now)
      return now
    },
    end: () => {
      now--
    },
    totals: () => ({
      ...sums,
      byOperation: { ...byOperation },
      byStatus: { ...byStatus },
      firstAt,
      lastAt,
      mostAtOnce: most
    })
  }
}
