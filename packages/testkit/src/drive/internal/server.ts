/** The HTTP server: from a request to its answer, and the log of both. */
import { Effect, Predicate } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { text } from "node:stream/consumers"
import { setTimeout as wait } from "node:timers/promises"
import { transmit } from "../../internal/transmit.ts"
import { textBody } from "./content.ts"
import type { Description } from "./description.ts"
import type { Downloads } from "./downloads.ts"
import { handlers } from "./handlers.ts"
import { type Issuer, issueToken, type Token, tokenInfo } from "./oauth.ts"
import { type Operation, type Route, routeOf, scopesFor } from "./operation.ts"
import { type Reason, Refusal } from "./refusal.ts"
import type { Store } from "./store.ts"
import { type Instead, noFaults, type Plan, type Striking } from "./striking.ts"
import { type Answer, json } from "./work.ts"

/** One request, before it is answered. */
export interface RequestInfo {
  /** 1 for the first since the start, or since `forgetRequests`. */
  readonly number: number
  readonly method: string
  /** Absent for what is none of the stand-in's. */
  readonly operation: Operation | undefined
  readonly path: string
  /** The file, drive or operation that is asked for. */
  readonly id: string | undefined
  readonly query: Readonly<Record<string, string>>
  /** Address of who asks; absent where the token says nothing. */
  readonly account: string | undefined
  /** Milliseconds since 1970 when the request came in, by the clock of the stand-in. */
  readonly at: number
}

/** One request and what became of it. */
export interface RequestLogEntry extends RequestInfo {
  /** 0 when the connection was reset before an answer. */
  readonly status: number
  /** The reason of the error document. */
  readonly error: Reason | undefined
  /** Faults that struck, by their tags. */
  readonly faults: ReadonlyArray<string>
}

export interface ServerState {
  readonly store: Store
  readonly issuer: Issuer
  readonly downloads: Downloads
  readonly striking: Striking
  readonly description: Description | undefined
  readonly documentSize: boolean
  readonly now: () => number
  readonly nextNumber: () => number
  readonly before: (request: RequestInfo) => Effect.Effect<void>
  readonly move: (file: string, to: string) => void
  readonly log: (entry: RequestLogEntry) => void
  /** The stand-in's own address. */
  readonly url: () => string
}

interface Asked {
  readonly info: RequestInfo
  readonly route: Route | undefined
  readonly token: Token | undefined
  readonly query: ReadonlyMap<string, string>
}

const bearer = (message: IncomingMessage): string | undefined =>
  /^Bearer\s+(\S+)$/i.exec(message.headers.authorization ?? "")?.[1]

const read = (state: ServerState, message: IncomingMessage): Asked => {
  const [path = "", ...rest] = (message.url ?? "/").split("?")
  const query = new Map(new URLSearchParams(rest.join("?")))
  const route = routeOf(message.method ?? "GET", path, query.get("alt") === "media")
  const token = state.issuer.tokens.get(bearer(message) ?? "")
  const info: RequestInfo = {
    number: state.nextNumber(),
    method: message.method ?? "GET",
    operation: route?.operation,
    path,
    id: route?.id,
    query: Object.fromEntries(query),
    account: token?.account.email,
    at: state.now()
  }
  return { info, route, token, query }
}

const instead = (one: Instead): Answer => {
  switch (one._tag) {
    case "Refusal":
      throw one.refusal
    case "Token":
      return json({ error: one.error, error_description: one.description }, one.status)
    case "Page": {
      const body = textBody(`<!DOCTYPE html>\n<html><title>Error ${one.status}</title><p>That’s an error.</html>\n`)
      const headers = one.retryAfter === undefined ? {} : { "retry-after": one.retryAfter }
      return {
        status: one.status,
        headers: { "content-type": "text/html; charset=UTF-8", ...headers },
        body,
        from: 0,
        to: body.size
      }
    }
  }
}

const serve = async (state: ServerState, message: IncomingMessage, asked: Asked, plan: Plan): Promise<Answer> => {
  const { info, query, route, token } = asked
  if (plan.instead !== undefined) return instead(plan.instead)
  if (route === undefined) throw new Refusal("notFound", { message: "Not Found" })
  const { operation } = route
  if (operation === "token") return issueToken(state.issuer, await text(message), info.at)
  if (operation === "tokeninfo") {
    return tokenInfo(state.issuer, query.get("access_token") ?? bearer(message) ?? "", info.at)
  }
  if (token === undefined || token.expiresAt <= info.at) throw new Refusal("authError")
  if (!scopesFor(operation).some((scope) => token.scopes.has(scope))) throw new Refusal("insufficientPermissions")
  return handlers[operation](
    {
      store: state.store,
      account: token.account,
      query,
      header: (name) => message.headersDistinct[name]?.join(","),
      url: state.url(),
      documentSize: state.documentSize,
      downloads: state.downloads,
      listing: plan.listing
    },
    route.id ?? "",
    route.permissionId ?? ""
  )
}

const respond = async (state: ServerState, message: IncomingMessage, response: ServerResponse): Promise<void> => {
  const asked = read(state, message)
  const { info, query, route } = asked
  await Effect.runPromise(state.before(info))
  const plan =
    route && state.striking.plan({ operation: route.operation, id: route.id, q: query.get("q"), account: info.account })
  const log = (status: number, error: Reason | undefined) =>
    state.log({ ...info, status, error, faults: plan?.struck ?? [] })
  if (plan !== undefined && plan.latency > 0) await wait(plan.latency, undefined, { ref: false })
  if (plan?.reset === true) {
    log(0, undefined)
    message.socket.resetAndDestroy()
    return
  }
  let answer: Answer
  let error: Reason | undefined
  try {
    answer = await serve(state, message, asked, plan ?? noFaults)
    answer = state.description?.held(info, answer) ?? answer
  } catch (cause) {
    const refusal = cause instanceof Refusal ? cause : new Refusal("internalError", { message: String(cause) })
    error = refusal.reason
    answer = json(refusal.document, refusal.status, refusal.headers)
  }
  // What was not read of the request would stand before the next one on the connection.
  message.resume()
  log(answer.status, error)
  for (const { file, to } of hasNextPage(answer) ? (plan?.moves ?? []) : []) state.move(file, to)
  const headers = { date: new Date(info.at).toUTCString(), server: "ESF", vary: "Origin", ...answer.headers }
  await transmit(response, { ...answer, headers }, plan)
}

const hasNextPage = (answer: Answer): boolean =>
  Predicate.hasProperty(answer.json, "nextPageToken") && answer.json.nextPageToken !== undefined

/** Makes the server; it does not listen yet. */
export const makeServer = (state: ServerState): Server =>
  createServer({ maxHeaderSize: 65_536, keepAliveTimeout: 65_000, requestTimeout: 0 }, (message, response) => {
    respond(state, message, response).catch((cause) => {
      // A client that went away is no business of the server's; a hook or a fault that fails is the test's.
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end(String(cause))
    })
  })
