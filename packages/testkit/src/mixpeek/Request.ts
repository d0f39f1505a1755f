/**
 * A request as it came in.
 */
import type { IncomingHttpHeaders } from "node:http"
import type { Arrival } from "./Waits.ts"

/** A request that was read. `body` is shorter than `bytes` where it was more than the server takes. */
export interface Request extends Arrival {
  readonly method: string
  /** With the query string. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly bytes: number
}
