/**
 * The connections to S3: one pool, for what the SDK sends and for what is sent without it.
 */
import type { S3ClientConfig } from "@aws-sdk/client-s3"
import { Agent, type Dispatcher, errors } from "@effect/platform-node/Undici"
import { type Array, Cause, Effect, type Pull } from "effect"
import { escape } from "./signature.ts"
import { Thrown } from "./transport.ts"

export interface Options {
  /** For each host. */
  readonly connections: number
  readonly connectTimeoutMillis: number
  /** From the request to the beginning of its answer. */
  readonly requestTimeoutMillis: number
}

export interface Request {
  readonly origin: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

type Chunks = Array.NonEmptyReadonlyArray<Uint8Array>

/** An answer that has begun. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** What has arrived of the body, as soon as anything has. */
  readonly body: Pull.Pull<Chunks, Thrown>
  /** Gives the connection up, unless the body has ended. */
  readonly close: Effect.Effect<void>
}

export interface Connections {
  /** Sends a GET. */
  readonly get: (request: Request) => Effect.Effect<Answer, Thrown>
  /** For the SDK. */
  readonly handler: NonNullable<S3ClientConfig["requestHandler"]>
  readonly close: () => void
}

/** A body that gives no byte for so long is broken; time in which nobody takes what has arrived does not count. */
const stalledAfterMillis = 60_000
/** What has arrived and is not taken; beyond, nothing more is read from the network. */
const heldBytes = 128 * 1024

/** In the words of the system, which the SDK and every other client use. */
const named = (error: unknown): unknown => {
  if (!(error instanceof errors.UndiciError)) return error
  switch (error.code) {
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return { name: "TimeoutError", message: error.message }
    case "UND_ERR_SOCKET":
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return { name: "Error", code: "ECONNRESET", message: error.message }
    default:
      return error
  }
}

const givenUp = new Error("nobody waits for this answer any more")

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly began: (answer: Effect.Effect<Answer, Thrown>) => void
  private controller: Dispatcher.DispatchController | undefined
  private unwanted = false
  private answered = false
  private chunks: globalThis.Array<Uint8Array> = []
  private held = 0
  private ended: Pull.Pull<never, Thrown> | undefined
  private waiting: ((chunks: Pull.Pull<Chunks, Thrown>) => void) | undefined

  constructor(began: (answer: Effect.Effect<Answer, Thrown>) => void) {
    this.began = began
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.unwanted) controller.abort(givenUp)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Answer["headers"]): void {
    if (status < 200) return
    this.answered = true
    this.began(Effect.succeed({ status, headers, body: this.body, close: this.close }))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.chunks.push(chunk)
    this.held += chunk.length
    if (this.waiting !== undefined) this.hand()
    if (this.held >= heldBytes) controller.pause()
  }

  onResponseEnd(): void {
    this.end(Cause.done())
  }

  onResponseError(_: Dispatcher.DispatchController, error: unknown): void {
    const failed = Effect.fail(new Thrown(named(error)))
    if (this.answered) this.end(failed)
    else this.began(failed)
  }

  readonly body: Pull.Pull<Chunks, Thrown> = Effect.suspend(() => {
    if (this.chunks.length > 0) return Effect.succeed(this.take())
    return (
      this.ended ??
      Effect.callback<Chunks, Thrown | Cause.Done>((resume) => {
        this.waiting = resume
      })
    )
  })

  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.unwanted = true
    this.chunks = []
    if (this.ended === undefined) this.controller?.abort(givenUp)
  })

  private end(how: Pull.Pull<never, Thrown>): void {
    this.ended = how
    const { waiting } = this
    this.waiting = undefined
    waiting?.(how)
  }

  private hand(): void {
    const { waiting } = this
    this.waiting = undefined
    waiting?.(Effect.succeed(this.take()))
  }

  private take(): Chunks {
    // Whoever calls has seen that there are some.
    const taken = this.chunks as unknown as Chunks
    this.chunks = []
    this.held = 0
    const { controller } = this
    // Not from within the parser, where another connection's answer may have woken whoever takes.
    if (controller?.paused === true) queueMicrotask(() => controller.resume())
    return taken
  }
}

/** What the SDK's handlers are given. */
interface SdkRequest {
  readonly method: Dispatcher.HttpMethod
  readonly headers: Record<string, string>
  readonly body?: string | Uint8Array
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, string | ReadonlyArray<string> | null>> | undefined
}

const originOf = ({ hostname, port, protocol }: SdkRequest): string =>
  `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`

const targetOf = ({ path, query = {} }: SdkRequest): string => {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [escape(name)] : [value].flat().map((one) => `${escape(name)}=${escape(one)}`)
  )
  return parameters.length === 0 ? path : `${path}?${parameters.join("&")}`
}

const flat = (headers: Answer["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  )

export const make = (options: Options): Connections => {
  const agent = new Agent({
    connections: options.connections,
    connect: { timeout: options.connectTimeoutMillis },
    headersTimeout: options.requestTimeoutMillis,
    bodyTimeout: stalledAfterMillis,
    allowH2: false
  })
  return {
    get: (request) =>
      Effect.callback<Answer, Thrown>((resume) => {
        const exchange = new Exchange(resume)
        agent.dispatch({ ...request, method: "GET" }, exchange)
        return exchange.close
      }),
    handler: {
      handle: (request: SdkRequest, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) =>
        agent
          .request({
            origin: originOf(request),
            path: targetOf(request),
            method: request.method,
            headers: request.headers,
            body: request.body ?? null,
            signal: abortSignal ?? null
          })
          .then(
            ({ body, headers, statusCode }) => ({ response: { body, headers: flat(headers), statusCode } }),
            (error: unknown) => Promise.reject(named(error))
          ),
      httpHandlerConfigs: () => ({}),
      updateHttpClientConfig: () => {}
    },
    close: () => void agent.destroy()
  }
}
