/**
 * What is known of a client that somebody else made.
 */
import { Check } from "@sluice/core"
import { Predicate } from "effect"
import { Agent } from "node:http"
import type { Adapter, DriveClient } from "../DriveClient.ts"
import { publicEndpoint } from "../DriveOptions.ts"
import { type Ask, askerOf } from "./grant.ts"

export interface Theirs {
  readonly endpoint: string
  /** Names whoever asks, without telling who it is: clients with the same `auth` share a budget. */
  readonly account: string
  /** `undefined` where its `auth` gives no access tokens. */
  readonly ask: Ask | undefined
  readonly adapter: Adapter | undefined
  readonly agent: Agent | ((url: URL) => Agent) | undefined
  readonly findings: ReadonlyArray<Check.Finding>
}

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined

const accounts = new WeakMap<object, string>()
let known = 0
const accountOf = (who: object): string => {
  const account = accounts.get(who) ?? `client ${++known}`
  accounts.set(who, account)
  return account
}

const isFunction = (value: unknown): value is (...args: Array<never>) => unknown => typeof value === "function"

export const look = (client: DriveClient): Theirs => {
  const option = (name: string) =>
    property(client.context._options, name) ?? property(client.context.google?._options, name)
  const auth = option("auth")
  const rootUrl = option("rootUrl")
  const adapter = option("adapter")
  const agent = option("agent")
  const ask = askerOf(auth)
  const findings = [
    option("retry") === true || option("retryConfig") !== undefined
      ? [
          Check.warning(
            "retry",
            "your client is set to retry by itself; that is switched off for the requests made here, which are retried in one place",
            "Leave `retry` and `retryConfig` out of it, and set `retry` of `Drive.layerClient`"
          )
        ]
      : [],
    property(auth, "forceRefreshOnFailure") === true
      ? [
          Check.warning(
            "auth",
            "your client repeats each request that Google forbids (`forceRefreshOnFailure`), also those that ask it to slow down",
            "Make its `auth` without `forceRefreshOnFailure`: access tokens are renewed here"
          )
        ]
      : [],
    ask === undefined
      ? [
          Check.warning(
            "auth",
            "your client has no `auth` that gives access tokens: exports of more than 10 MB cannot be read, and a refused token is not renewed",
            "Make it with a client of google-auth-library as `auth`"
          )
        ]
      : []
  ]
  return {
    endpoint: typeof rootUrl === "string" && URL.canParse(rootUrl) ? new URL(rootUrl).origin : publicEndpoint,
    account: accountOf(typeof auth === "object" && auth !== null ? auth : client),
    ask,
    // As Google's own types have it.
    adapter: isFunction(adapter) ? (adapter as Adapter) : undefined,
    agent: agent instanceof Agent ? agent : isFunction(agent) ? (agent as (url: URL) => Agent) : undefined,
    findings: findings.flat()
  }
}
