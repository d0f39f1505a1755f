/**
 * One request and its answer, step by step.
 */
import { Effect, Predicate } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as Access from "./Access.ts"
import type { Match } from "./Description.ts"
import type { Fault } from "./Faults.ts"
import * as Operations from "./Operations.ts"
import { badGateway, type Exchanged, gatewayTimeout, pause, type Reply } from "./Reply.ts"
import type { Request } from "./Request.ts"
import type { State } from "./State.ts"

const parse = (body: Uint8Array): { readonly json: unknown } | undefined => {
  if (body.byteLength === 0) return { json: undefined }
  try {
    return { json: JSON.parse(new TextDecoder().decode(body)) as unknown }
  } catch {
    return undefined
  }
}

/** Refuses what is not JSON or does not agree with the description. */
const misformed = (state: State, request: Request, match: Match, body: unknown, validated: boolean) => {
  if (!validated) return undefined
  const complaints = state.description.complaints({ ...request, body }, match.operation)
  if (complaints.length === 0) return undefined
  return state.settings.refusal === "location"
    ? Answers.unprocessableEnvelope(complaints)
    : Answers.unprocessable(complaints)
}

const recordsIn = (operation: string, body: unknown): number => {
  if (operation === "createObject") return 1
  if (operation !== "createObjectsBatch" || !Predicate.isObject(body)) return 0
  return Array.isArray(body["objects"]) ? body["objects"].length : 0
}

/** An answer of our own that the description does not know is a mistake of ours: noted, and answered 500. */
const held = (state: State, answer: Answer, operation: string): Answer => {
  const breaches = state.description.breaches(answer, operation)
  if (breaches.length === 0) return answer
  for (const breach of breaches) state.journal.violations.add(breach)
  return Answers.failure(500, "InternalServerError", `The stand-in breaks its own description: ${breaches.join("; ")}`)
}

const struck = (
  state: State,
  fault: Fault,
  account: Access.Account,
  request: Request,
  answer: Answer | undefined
): Reply => {
  switch (fault.kind) {
    case "reset":
    case "reset-in-body":
    case "corrupt":
      return { _tag: "Reset" }
    case "truncated":
      return { _tag: "Truncated", answer: answer ?? Answers.ok({ succeeded: [] }) }
    case "silence":
      return { _tag: "Silence" }
    case "bad-gateway":
      return badGateway
    case "gateway-timeout":
      return gatewayTimeout
    case "unavailable":
      return { _tag: "Answer", answer: Access.unavailable(state, account, request, fault.wait ?? "1 second") }
    case "server-error":
      return { _tag: "Answer", answer: Answers.failure(500, "InternalServerError", "An internal error occurred") }
    case "throttle":
      return { _tag: "Answer", answer: Access.throttled(state, account, request, fault.wait ?? "1 second") }
    case "unauthorized":
    case "expired":
      return { _tag: "Answer", answer: Answers.unauthorized("Invalid API key") }
  }
}

/** Everything a request goes through, up to the reply. */
export const exchange = Effect.fnUntraced(function* (state: State, request: Request, turn: number, atOnce: number) {
  const { settings } = state
  const validated = turn % settings.validateEvery === 0
  const match = state.description.match(request.method, request.url)
  const operation = match?.operation ?? "unknown"
  const parsed = parse(request.body)
  const records = recordsIn(operation, parsed?.json)
  const give = (reply: Reply): Exchanged => ({
    reply:
      reply._tag === "Answer" && validated && match !== undefined
        ? { _tag: "Answer", answer: held(state, reply.answer, operation) }
        : reply,
    operation,
    records,
    bytes: request.bytes,
    fault: undefined,
    afterwards: Effect.void
  })
  const done = (answer: Answer) => give({ _tag: "Answer", answer })
  yield* pause(settings.latency)
  if (match === undefined) return done(Answers.notFound(`There is no ${request.method} ${request.url}`))
  const admitted = Access.admit(state, request, operation, atOnce)
  if ("refusal" in admitted) return done(admitted.refusal)
  const withHeaders = (answer: Answer): Answer => ({ ...answer, headers: { ...admitted.headers, ...answer.headers } })
  if (request.bytes > settings.maxBodyBytes) {
    return done(withHeaders(Answers.tooLarge(`The request body exceeds ${settings.maxBodyBytes} bytes`)))
  }
  if (parsed === undefined) {
    const complaint = { location: ["body"], message: "JSON decode error", type: "json_invalid" }
    return done(withHeaders(Answers.unprocessable([complaint])))
  }
  const perform = Effect.suspend(() => {
    const wrong = misformed(state, request, match, parsed.json, validated)
    return wrong === undefined
      ? Operations.perform(state, match, admitted.limits, request.url, parsed.json)
      : Effect.succeed(wrong)
  })
  const fault = state.faults.next(settings.faults, operation)
  if (fault === undefined) return done(withHeaders(yield* perform))
  const answer = fault.commits === "before" ? yield* perform : undefined
  yield* pause(fault.delay ?? 0)
  const late = fault.commits === "after" ? Effect.delay(perform, fault.commitDelay ?? "100 millis") : Effect.void
  return {
    ...give(struck(state, fault, admitted.account, request, answer)),
    fault: fault.kind,
    afterwards: late
  } satisfies Exchanged
})
