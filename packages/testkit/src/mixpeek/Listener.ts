/**
 * The HTTP server: sockets in, replies out.
 */
import { Effect, FiberSet } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { listen } from "../internal/listen.ts"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import { exchange } from "./Exchange.ts"
import { put } from "./Put.ts"
import type { Exchanged, Reply } from "./Reply.ts"
import type { Request } from "./Request.ts"
import type { State } from "./State.ts"
import { isStorage } from "./Storage.ts"

/** Reads a body to its end, and keeps at most `limit` bytes of it. */
const readBody = (message: IncomingMessage, limit: number): Effect.Effect<Pick<Request, "body" | "bytes">> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let bytes = 0
    message.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (bytes <= limit) chunks.push(chunk)
    })
    message.on("end", () => resume(Effect.succeed({ body: Buffer.concat(chunks), bytes })))
    // The client is gone: nobody waits for an answer, and half a request has no effect.
    message.on("error", () => resume(Effect.interrupt))
  })

const write = (response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string) => {
  response.writeHead(status, { ...headers, "content-length": String(Buffer.byteLength(body)) })
  return body
}

const jsonOf = (answer: Answer): string => (answer.body === undefined ? "" : JSON.stringify(answer.body))

const headersOf = (answer: Answer, requestId: string): Record<string, string> => ({
  ...(answer.body === undefined ? {} : { "content-type": "application/json" }),
  "x-request-id": requestId,
  ...answer.headers
})

const send = (reply: Reply, requestId: string, response: ServerResponse): void => {
  switch (reply._tag) {
    case "Answer": {
      const { answer } = reply
      if (answer.status === 204) response.writeHead(204, headersOf(answer, requestId)).end()
      else response.end(write(response, answer.status, headersOf(answer, requestId), jsonOf(answer)))
      return
    }
    case "Text":
      response.end(write(response, reply.status, reply.headers, reply.text))
      return
    case "Truncated": {
      const body = write(response, reply.answer.status, headersOf(reply.answer, requestId), jsonOf(reply.answer))
      response.write(body.slice(0, Math.ceil(body.length / 2)), () => response.socket?.resetAndDestroy())
      return
    }
    case "Reset":
      response.socket?.resetAndDestroy()
      return
    case "Silence":
  }
}

const statusOf = (reply: Reply): number => {
  switch (reply._tag) {
    case "Answer":
    case "Truncated":
      return reply.answer.status
    case "Text":
      return reply.status
    case "Reset":
    case "Silence":
      return 0
  }
}

/** A defect of ours must be heard of, by the client and by the test. */
const failed = (state: State, defect: unknown): Exchanged => {
  const message = `The stand-in failed: ${String(defect)}`
  state.journal.violations.add(message)
  const answer = Answers.failure(500, "InternalServerError", message)
  return {
    reply: { _tag: "Answer", answer },
    operation: "unknown",
    records: 0,
    bytes: 0,
    fault: undefined,
    afterwards: Effect.void
  }
}

/** A request to the API. Those to the storage are none of its, and count for none of its limits. */
const answered = (state: State, turns: { next: number }, message: IncomingMessage, at: number) =>
  Effect.suspend(() => {
    const atOnce = state.journal.begin()
    return Effect.gen(function* () {
      const { method = "GET", url = "/" } = message
      const { body, bytes } = yield* readBody(message, state.settings.maxBodyBytes)
      const request: Request = { at, connection: message.socket, method, url, headers: message.headers, body, bytes }
      return yield* exchange(state, request, turns.next++, atOnce)
    }).pipe(Effect.ensuring(Effect.sync(state.journal.end)))
  })

const serve = (state: State, turns: { next: number }) =>
  Effect.fnUntraced(function* (message: IncomingMessage, response: ServerResponse) {
    const at = state.clock.currentTimeMillisUnsafe()
    const requestId = state.newId("req")
    const { method = "GET", url = "/" } = message
    const exchanged = yield* (isStorage(url) ? put(state, message) : answered(state, turns, message, at)).pipe(
      Effect.tap(({ bytes, fault, operation, records, reply }) =>
        Effect.sync(() => {
          const [path = ""] = url.split("?")
          state.journal.count({
            at,
            method,
            path,
            operation,
            status: statusOf(reply),
            records,
            bytes,
            requestId,
            fault
          })
        })
      ),
      Effect.catchDefect((defect) => Effect.succeed(failed(state, defect)))
    )
    // Clients measure times by the server's clock, and that is the `Clock`.
    response.setHeader("date", new Date(state.clock.currentTimeMillisUnsafe()).toUTCString())
    send(exchanged.reply, requestId, response)
    yield* exchanged.afterwards
  })

/** Listens on a free port of 127.0.0.1 until the scope closes; gives the server's URL. */
export const start = Effect.fnUntraced(function* (state: State) {
  const run = yield* FiberSet.makeRuntime<never>()
  const handle = serve(state, { next: 0 })
  const server = createServer((message, response) => void run(handle(message, response)))
  // A client that keeps connections must never meet one that is closed while it sends.
  server.keepAliveTimeout = 600_000
  const url = yield* Effect.orDie(listen(server))
  state.origin = url
  return url
})
