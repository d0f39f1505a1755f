/**
 * Contents as they arrive. Each belongs to a scope, and its connection ends with it, read or not.
 */
import { Effect, type Scope } from "effect"
import { Readable } from "node:stream"
import { ReadableStream } from "node:stream/web"
import type { Response } from "../DriveClient.ts"
import { classify, DriveError, type Target } from "../DriveError.ts"
import type { Exchange, Send } from "./exchange.ts"
import { denied, subject, type Verdict } from "./verdict.ts"

/** An answer that has begun. */
export interface Download {
  /** 206 where a range was asked for and is given. */
  readonly status: number
  /** `content-length` and `content-range` are of the bytes in `stream`. */
  readonly headers: Headers
  /** Fails where the connection breaks. Read it or leave it: it is destroyed with the scope. */
  readonly stream: Readable
}

/** Sends a request for contents, with all headers that belong to it. */
export type SendFor = (signal: AbortSignal, headers: Record<string, string>) => Promise<Response>

/** Where addresses that Google gave may lead, and so the access token. */
export const isTrusted = (url: URL, endpoint: string): boolean =>
  url.origin === new URL(endpoint).origin ||
  (url.protocol === "https:" && /\.(google|googleapis|googleusercontent)\.com$/.test(url.hostname))

/** Answers of contents have arrived when they begin, also those that lead somewhere else. */
export const acceptStatus = (status: number): boolean => status >= 200 && status < 400

const hops = 5

const fail = (target: Target, said: string, verdict: Verdict): DriveError =>
  new DriveError({ operation: target.operation, said, ...verdict })

const refused = (target: Target, url: URL | null): DriveError =>
  fail(
    target,
    "untrusted-address",
    denied(
      "untrusted-address",
      `${subject(target)} is to be read from ${url?.origin ?? "no address at all"}, which is not Google's: the access token is not sent there; check \`endpoint\`, and what stands in between`
    )
  )

const signIn = (target: Target): DriveError =>
  fail(
    target,
    "sign-in",
    denied("no-permission", `Google asks to sign in to download ${subject(target)}: share it with this account`)
  )

/** Headers whose lengths are those of the bytes that come out of `stream`. */
const headersOf = (response: Response): Headers => {
  // The client gives an object of strings, or `Headers`.
  const headers = new Headers(response.headers as Record<string, string> | Headers)
  if (headers.has("content-encoding")) headers.delete("content-length")
  return headers
}

const streamOf = (data: unknown): Readable | undefined => {
  if (data instanceof Readable) return data
  return data instanceof ReadableStream ? Readable.fromWeb(data) : undefined
}

export interface Options {
  readonly exchange: Exchange
  readonly endpoint: string
  /** Asks an address. */
  readonly link: (url: URL) => SendFor
}

export interface Downloads {
  /** Opens what `send` asks `from` for, wherever Google has it: redirects are asked for the same, with the same headers. */
  readonly open: (
    target: Target,
    from: string,
    headers: Readonly<Record<string, string>>,
    send?: SendFor
  ) => Effect.Effect<Download, DriveError, Scope.Scope>
}

export const make = ({ endpoint, exchange, link }: Options): Downloads => ({
  open: Effect.fnUntraced(function* (target, from, headers, send) {
    // Known before there is any, so that none is lost between its arrival and an interruption.
    const opened = new Set<Readable>()
    let closed = false
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closed = true
        for (const stream of opened) stream.destroy()
      })
    )
    const receive =
      (send: SendFor): Send<Response> =>
      async (signal, authorization) => {
        const response = await send(signal, { ...headers, ...authorization })
        const stream = streamOf(response.data)
        if (stream === undefined) return response
        opened.add(stream)
        // Whoever reads it hears of it; where nobody does, it must not end the process.
        stream.on("error", () => {})
        if (closed) stream.destroy()
        return { status: response.status, headers: response.headers, data: stream }
      }
    let url = URL.parse(from)
    let next = send
    for (let hop = 0; ; hop++) {
      const asked = hop === 0 ? target : { ...target, operation: "link" as const }
      if (url === null || !isTrusted(url, endpoint)) return yield* refused(target, url)
      if (url.hostname === "accounts.google.com") return yield* signIn(target)
      const response = yield* exchange(asked, receive(next ?? link(url)))
      const answered = headersOf(response)
      const stream = streamOf(response.data)
      const location = answered.get("location")
      if (response.status < 300 && stream !== undefined) return { status: response.status, headers: answered, stream }
      if (response.status < 300 || location === null || hop === hops) {
        return yield* classify({ response: { status: response.status } }, asked)
      }
      stream?.destroy()
      url = URL.parse(location, url.href)
      next = undefined
    }
  })
})
