/**
 * The API description (`openapi.yaml`), and whether a request or an answer agrees with it.
 */
import { Effect, Predicate } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import { fileURLToPath } from "node:url"
import { type Document, OpenAPIBackend, type ValidationResult } from "openapi-backend"
import type { Answer, Complaint } from "./Answer.ts"

/** Where the description is, in the repository and in the published package. */
export const path = fileURLToPath(new URL("../../src/mixpeek/openapi.yaml", import.meta.url))

/** A request as far as the description speaks of it. */
export interface Question {
  readonly method: string
  /** With the query string. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Decoded JSON; undefined where there is no body. */
  readonly body: unknown
}

export interface Match {
  /** The description's `operationId`. */
  readonly operation: string
  readonly parameters: Readonly<Record<string, string>>
}

export interface Description {
  readonly match: (method: string, url: string) => Match | undefined
  /** What is wrong with a request, in the API's own terms; empty where it agrees. */
  readonly complaints: (question: Question, operation: string) => ReadonlyArray<Complaint>
  /** What is wrong with an answer; empty where it agrees. */
  readonly breaches: (answer: Answer, operation: string) => ReadonlyArray<string>
}

const parts: Readonly<Record<string, string>> = { requestBody: "body", headers: "header" }

/** Names the place as the API does: `["body", "objects", 3, "blobs"]`, down to what is missing there. */
const complaint = ({ instancePath, keyword, message, params }: NonNullable<ValidationResult["errors"]>[number]) => {
  const missing: unknown = params["missingProperty"]
  const names = [...instancePath.split("/").slice(1), ...(Predicate.isString(missing) ? [missing] : [])]
  const [part = "body", ...rest] = names
  return {
    location: [parts[part] ?? part, ...rest.map((name) => (/^\d+$/.test(name) ? Number(name) : name))],
    message: message ?? keyword,
    type: keyword
  } satisfies Complaint
}

const make = (api: OpenAPIBackend<Document>): Description => ({
  match: (method, url) => {
    const request = { method, path: url, headers: {} }
    const operation = api.router.matchOperation(request)
    if (operation?.operationId === undefined) return undefined
    const { params } = api.router.parseRequest(request, operation)
    return {
      operation: operation.operationId,
      parameters: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
    }
  },
  complaints: ({ body, headers, method, url }, operation) => {
    const known = Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
    )
    const request = { method, path: url, headers: known, body }
    return (api.validator.validateRequest(request, operation).errors ?? []).map(complaint)
  },
  breaches: ({ body, status }, operation) => {
    const declared = api.router.getOperation(operation)?.responses ?? {}
    if (!(String(status) in declared)) return [`the description of ${operation} has no answer ${status}`]
    if (body === undefined) return []
    const { errors } = api.validator.validateResponse(body, operation, status)
    return (errors ?? []).map(({ instancePath, message }) => `${operation} ${status} ${instancePath}: ${message}`)
  }
})

/** Read once for all stand-ins of a process; it takes some hundred milliseconds. */
export const load: Effect.Effect<Description> = Effect.runSync(
  Effect.cached(
    Effect.promise(() =>
      new OpenAPIBackend({
        definition: path,
        // The library's own check of a description knows OpenAPI 3.0 only; ours is 3.1 and linted elsewhere.
        quick: true,
        strict: true,
        coerceTypes: true,
        ajvOpts: { formats: { "date-time": isDateTime, uri: isUri } }
      }).init()
    ).pipe(Effect.map(make))
  )
)

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
}

function isUri(text: string): boolean {
  return URL.canParse(text)
}
