/**
 * What connectors say about their own traffic while a run goes on: requests, waits, retries. The pipeline counts them
 * into its report; nobody has to listen.
 */
import { Context, type Duration } from "effect"

/** Who speaks, and about which of its operations: `{ role: "sink", operation: "createObjectsBatch" }`. */
export interface Traffic {
  readonly role: "source" | "sink"
  readonly operation: string
}

/** What happened to content that a sink put somewhere before it made an object of it. */
export type UploadEvent =
  | { readonly _tag: "Created" }
  /** It is there, whole. */
  | { readonly _tag: "Completed"; readonly bytes: number }
  /** Its bytes were not what source or store said they are. */
  | { readonly _tag: "Mismatched" }
  /** No object came to use it, and it cannot be taken back, or could not by now. */
  | { readonly _tag: "Orphaned" }

/** The other side was down, and nothing was sent until it was back, or until it was given up. Milliseconds since 1970. */
export interface Outage {
  /** Of the first request that it did not answer. */
  readonly since: number
  /** When this request began to wait for it. */
  readonly waitedFrom: number
  readonly until: number
}

/** Listens to connectors. Methods return at once and never fail: they are called on hot paths. */
export interface Observer {
  /** One request is about to leave. Retries are requests too. */
  readonly request: (traffic: Traffic) => void
  /** The same request is about to be tried again. */
  readonly retried: (traffic: Traffic) => void
  /** Time was spent waiting for permission to send (a rate limit, a Retry-After, a backoff). */
  readonly waited: (traffic: Traffic, duration: Duration.Duration) => void
  readonly upload: (event: UploadEvent) => void
  /** A request waited for the other side to be back; said at the end of it, by each that waited. */
  readonly unavailable: (traffic: Traffic, outage: Outage) => void
}

/** Hears nothing: what an observer of some of it begins with. */
export const silent: Observer = {
  request: () => {},
  retried: () => {},
  waited: () => {},
  upload: () => {},
  unavailable: () => {}
}

/** The observer in force; hears nothing by default. */
export const Observer = Context.Reference<Observer>("@sluice/core/Observer", {
  defaultValue: () => silent
})
