/**
 * Who may do what, and how often.
 */
import { Duration, Predicate } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import type { Request } from "./Request.ts"
import type { Admission, Category, Limits } from "./Limits.ts"
import type { ApiKey, Permission } from "./Settings.ts"
import type { State } from "./State.ts"
import { retryAfter } from "./Waits.ts"

/** A key and a category of endpoints: what a rate limit applies to. */
export interface Account {
  readonly key: string
  readonly category: Category
}

type Admitted =
  | { readonly refusal: Answer }
  | { readonly account: Account; readonly limits: Limits; readonly headers: Readonly<Record<string, string>> }

const levels: ReadonlyArray<Permission> = ["read", "write", "delete", "admin"]

/** What an operation needs. `data` and `read` where nothing is said. */
const needs: Readonly<Record<string, { readonly category?: Category; readonly permission?: Permission }>> = {
  getBucket: { category: "metadata" },
  listBuckets: { category: "metadata" },
  getOrganization: { category: "metadata" },
  createObject: { permission: "write" },
  createObjectsBatch: { permission: "write" },
  updateObject: { permission: "write" },
  patchObject: { permission: "write" },
  deleteObject: { permission: "delete" },
  deleteDocuments: { permission: "delete" },
  createUpload: { category: "upload", permission: "write" },
  createUploadsBatch: { category: "upload", permission: "write" },
  getUpload: { category: "upload" },
  listUploads: { category: "upload" },
  confirmUpload: { category: "upload", permission: "write" },
  confirmUploadsBatch: { category: "upload", permission: "write" },
  cancelUpload: { category: "upload", permission: "delete" },
  createBatch: { category: "metadata", permission: "write" },
  addObjectsToBatch: { category: "metadata", permission: "write" },
  submitBatch: { category: "compute", permission: "write" },
  retryBatch: { category: "compute", permission: "write" },
  getBatch: { category: "metadata" },
  listBatches: { category: "metadata" },
  getFailedDocuments: { category: "metadata" },
  cancelBatch: { category: "metadata", permission: "write" },
  deleteBatch: { category: "metadata", permission: "delete" },
  getTask: { category: "metadata" }
}

const needOf = (operation: string) => ({
  category: needs[operation]?.category ?? "data",
  permission: needs[operation]?.permission ?? "read"
})

const keyOf = (state: State, authorization: string | undefined): ApiKey | undefined => {
  const [scheme, secret] = authorization?.split(" ") ?? []
  return scheme?.toLowerCase() === "bearer" ? state.settings.keys.find(({ key }) => key === secret) : undefined
}

const nameOf = ({ category, key }: Account) => `${category} ${key}`

/** An answer that tells to come back later; `at` is when that will succeed. */
const later = (state: State, account: Account, request: Request, at: number, answer: Answer): Answer => {
  const now = state.clock.currentTimeMillisUnsafe()
  const header = retryAfter(state.settings.retryAfter, now, at, state.draw)
  if (header === undefined) return answer
  state.waits.tell(nameOf(account), now, header.allowedAt, request.body)
  return { ...answer, headers: { ...answer.headers, "retry-after": header.value } }
}

const tooMany = (account: Account, limit: number | null) =>
  Answers.failure(429, "TooManyRequestsError", "Rate limit exceeded", { api_name: account.category, limit })

const tellToWait = (state: State, account: Account, request: Request, wait: Duration.Input, answer: Answer): Answer => {
  const now = state.clock.currentTimeMillisUnsafe()
  return later(state, account, request, now + Duration.toMillis(Duration.fromInputUnsafe(wait)), answer)
}

/** 429 without a limit behind it. */
export const throttled = (state: State, account: Account, request: Request, wait: Duration.Input): Answer =>
  tellToWait(state, account, request, wait, tooMany(account, null))

/** 503, with `Retry-After` as for 429. */
export const unavailable = (state: State, account: Account, request: Request, wait: Duration.Input): Answer =>
  tellToWait(
    state,
    account,
    request,
    wait,
    Answers.failure(503, "InferenceServiceUnavailableError", "The service is not available for now")
  )

const rateHeaders = ({ limit, remaining, resetAt, window }: Admission): Record<string, string> => ({
  "x-ratelimit-limit": String(limit),
  "x-ratelimit-remaining": String(remaining),
  "x-ratelimit-reset": String(Math.ceil(resetAt / 1000)),
  "x-ratelimit-window": String(Math.ceil(Duration.toSeconds(window)))
})

const noteIfTooEarly = (state: State, account: Account, request: Request, operation: string) => {
  const wait = state.waits.breach(nameOf(account), request)
  if (wait === undefined) return
  const { allowedAt, toldAt } = wait
  state.journal.tooEarly.add({ at: request.at, operation, allowedAt, toldAt })
}

const limited = (state: State, key: ApiKey, account: Account, request: Request, atOnce: number): Admitted => {
  const limits = key.limits ?? state.settings.limits
  const now = state.clock.currentTimeMillisUnsafe()
  const admission = state.limiter.admit(key.key, account.category, limits[account.category], now)
  const headers = admission === undefined || limits.headers === false ? {} : rateHeaders(admission)
  const refuse = (limit: number, at: number): Admitted => ({
    refusal: later(state, account, request, at, { ...tooMany(account, limit), headers })
  })
  if (admission?.admitted === false) return refuse(admission.limit, admission.retryAt)
  if (limits.concurrent !== undefined && atOnce > limits.concurrent) return refuse(limits.concurrent, now + 1000)
  return { account, limits, headers }
}

/** In the order of a real gateway: the key, its limits, then what it may do and where. */
export const admit = (state: State, request: Request, operation: string, atOnce: number): Admitted => {
  const { authorization } = request.headers
  if (authorization === undefined || authorization.trim() === "") {
    return { refusal: Answers.unauthorized("Missing Authorization header") }
  }
  const key = keyOf(state, authorization)
  if (key === undefined) return { refusal: Answers.unauthorized("Invalid API key") }
  const { category, permission } = needOf(operation)
  const account: Account = { key: key.key, category }
  noteIfTooEarly(state, account, request, operation)
  const result = limited(state, key, account, request, atOnce)
  if ("refusal" in result) return result
  const answer = (refusal: Answer): Admitted => ({ refusal: { ...refusal, headers: result.headers } })
  if (levels.indexOf(key.permission) < levels.indexOf(permission)) {
    return answer(Answers.forbidden(`The API key lacks the permission '${permission}'`))
  }
  if (operation === "getOrganization") return result
  const namespace = request.headers["x-namespace"]
  if (!Predicate.isString(namespace) || namespace === "") {
    return answer(Answers.badRequest("Missing X-Namespace header"))
  }
  return namespace === state.namespace ? result : answer(Answers.notFound(`Namespace ${namespace} was not found`))
}
