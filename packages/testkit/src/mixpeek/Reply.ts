/**
 * What goes back on the wire, and what is known of the request it answers.
 */
import { Duration, Effect } from "effect"
import type { Answer } from "./Answer.ts"

export type Reply =
  | { readonly _tag: "Answer"; readonly answer: Answer }
  /** What is no answer of the API's: a proxy's page, or S3's. */
  | {
      readonly _tag: "Text"
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly text: string
    }
  | { readonly _tag: "Reset" }
  /** The answer, and then the connection breaks in the middle of it. */
  | { readonly _tag: "Truncated"; readonly answer: Answer }
  | { readonly _tag: "Silence" }

export interface Exchanged {
  readonly reply: Reply
  readonly operation: string
  readonly records: number
  /** Bytes of the request's body. */
  readonly bytes: number
  readonly fault: string | undefined
  /** What is still to be done when the reply has been given. */
  readonly afterwards: Effect.Effect<unknown>
}

const html = (status: number, title: string): Reply => ({
  _tag: "Text",
  status,
  headers: { "content-type": "text/html" },
  text: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><center><h1>${status} ${title}</h1></center></body>\r\n</html>\r\n`
})

export const badGateway = html(502, "Bad Gateway")
export const gatewayTimeout = html(504, "Gateway Time-out")

/** Waits, and yields to nobody where there is nothing to wait for. */
export const pause = (time: Duration.Input): Effect.Effect<void> =>
  Duration.isZero(Duration.fromInputUnsafe(time)) ? Effect.void : Effect.sleep(time)
