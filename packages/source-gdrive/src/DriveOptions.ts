/**
 * How Google Drive is reached, and as whom.
 *
 * From the environment (`fromEnvironment`), each optional:
 *
 * | variable | meaning |
 * |---|---|
 * | `GDRIVE_SERVICE_ACCOUNT_FILE` | a service account's key, by path |
 * | `GDRIVE_SERVICE_ACCOUNT_JSON` | the same by content; not together with the file |
 * | `GDRIVE_IMPERSONATE` | goes with a service account: the user on whose behalf it asks |
 * | `GDRIVE_CLIENT_ID`, `GDRIVE_CLIENT_SECRET`, `GDRIVE_REFRESH_TOKEN` | a user who has consented; all three or none, and not together with a service account |
 * | `GDRIVE_SCOPES` | separated by commas or blanks; `https://www.googleapis.com/auth/drive.readonly` |
 * | `GDRIVE_ENDPOINT` | `https://…` of a private endpoint; Google's public one where not set |
 * | `GDRIVE_TOKEN_ENDPOINT` | where access tokens are asked for; Google's where not set |
 * | `GDRIVE_ALLOW_PLAIN_HTTP` | `true`: `http://` is accepted to other hosts than this one |
 * | `GDRIVE_QUERIES_PER_MINUTE`, `GDRIVE_BURST` | requests at most, 6000 and 100 |
 * | `GDRIVE_CONNECTIONS` | connections at a time, 128 |
 * | `GDRIVE_CONNECT_TIMEOUT`, `GDRIVE_REQUEST_TIMEOUT` | `5 seconds`, `1 minute` |
 *
 * Without credentials of its own, those are used that Google's libraries find (`Credentials.ApplicationDefault`), with
 * all of their variables. Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (with Node 22.21 or newer).
 */
import { Endpoint, type Retry, Source } from "@sluice/core"
import { Config, Duration, Effect, Option } from "effect"
import * as Credentials from "./Credentials.ts"

/** What reading needs, and nothing more. */
export const readonlyScope = "https://www.googleapis.com/auth/drive.readonly"

/** Google's own address. */
export const publicEndpoint = "https://www.googleapis.com"

/** What of the options a client of your own has, too. */
export interface Pace {
  /**
   * Requests a minute, sustained: 6,000 by default, half of the 12,000 that Google documents for a project, and for a
   * user of it (https://developers.google.com/workspace/drive/api/guides/limits), so that others have something left.
   * Whoever uses the same credentials in this process shares it.
   */
  readonly queriesPerMinute?: number | undefined
  /** Requests at once, after a pause: 100. */
  readonly burst?: number | undefined
  /** From a request to the end of its answer; of contents, to its beginning. 1 minute. */
  readonly requestTimeout?: Duration.Input | undefined
  /** `Retry.standard` where left out. */
  readonly retry?: Retry.Policy | undefined
}

export interface Options extends Pace {
  /** `Credentials.ApplicationDefault()` where left out. */
  readonly credentials?: Credentials.Credentials | undefined
  /**
   * What is asked for on the account's behalf: `drive.readonly` by default. `drive.metadata.readonly` is enough to list,
   * and `drive.file` to read what was opened with the same app.
   */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** `https://www-xyz.p.googleapis.com` of Private Service Connect, or of a proxy or stand-in. Google's where left out. */
  readonly endpoint?: string | undefined
  /** Where access tokens are asked for, instead of `https://oauth2.googleapis.com/token`. */
  readonly tokenEndpoint?: string | undefined
  /** Accepts `http://` to other hosts than this one. Access tokens are then sent in clear, and so are contents. */
  readonly allowPlainHttp?: boolean | undefined
  /** Connections at a time, 128 (HTTP/1.1, kept alive): at least as many as files are read at a time, plus those that list. */
  readonly connections?: number | undefined
  /** Until a connection stands, 5 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
}

/** A configuration that cannot work: which field, why not, and what to write instead. */
export const misconfigured = (source: string, message: string): Source.SourceError =>
  new Source.SourceError({ source, operation: "configure", reason: new Source.Misconfigured(), message })

const addressProblem = (field: string, address: string, plain: boolean): string | undefined => {
  const url = URL.parse(address)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return `\`${field}\` is not an http(s) URL: write it like https://www-xyz.p.googleapis.com`
  }
  if (url.username !== "" || url.password !== "") {
    return `\`${field}\` holds a user name or password: leave them out and set \`credentials\``
  }
  if (Endpoint.isExposed(url) && !plain) {
    return `\`${field}\` is plain http to ${url.hostname}, which anybody on the way can read: use https, or set \`allowPlainHttp: true\` (GDRIVE_ALLOW_PLAIN_HTTP=true)`
  }
  return undefined
}

const endpointProblem = (endpoint: string, plain: boolean): string | undefined => {
  const url = URL.parse(endpoint)
  return (
    addressProblem("endpoint", endpoint, plain) ??
    (url !== null && `${url.pathname}${url.search}${url.hash}` !== "/"
      ? "`endpoint` has a path: give the address of the server alone, without /drive/v3"
      : undefined)
  )
}

const credentialsProblems = (credentials: Credentials.Credentials): ReadonlyArray<string | undefined> =>
  Credentials.match(credentials, {
    ApplicationDefault: () => [],
    ServiceAccount: ({ impersonate }) => [
      impersonate === undefined || /^[^\s@]+@[^\s@]+$/.test(impersonate)
        ? undefined
        : "`credentials.impersonate` is not the address of a user: write it like ada@example.com"
    ],
    OAuth: ({ clientId }) => [
      clientId === "" ? "`credentials.clientId` is empty: set it, or leave `credentials` out" : undefined
    ]
  })

const positive = (field: string, value: Duration.Input | undefined) =>
  value === undefined || Duration.isPositive(Duration.fromInputUnsafe(value))
    ? undefined
    : `\`${field}\` must be longer than zero`

const whole = (field: string, value: number | undefined) =>
  value === undefined || (Number.isInteger(value) && value > 0)
    ? undefined
    : `\`${field}\` must be a whole number above 0`

const failWith = (problems: ReadonlyArray<string | undefined>): Effect.Effect<void, Source.SourceError> => {
  const found = problems.filter((problem) => problem !== undefined)
  return found.length === 0 ? Effect.void : Effect.fail(misconfigured("gdrive", found.join("; ")))
}

const paceProblems = ({ burst, queriesPerMinute, requestTimeout }: Pace) => [
  whole("queriesPerMinute", queriesPerMinute),
  whole("burst", burst),
  positive("requestTimeout", requestTimeout)
]

/** Fails with everything that is wrong with the pace of a client of your own. */
export const refusePace = (pace: Pace): Effect.Effect<void, Source.SourceError> => failWith(paceProblems(pace))

/** Fails with everything that is wrong with the options, before anything is opened. */
export const refuse = (options: Options): Effect.Effect<void, Source.SourceError> => {
  const plain = options.allowPlainHttp === true
  return failWith([
    options.endpoint === undefined ? undefined : endpointProblem(options.endpoint, plain),
    options.tokenEndpoint === undefined ? undefined : addressProblem("tokenEndpoint", options.tokenEndpoint, plain),
    options.scopes === undefined || (options.scopes.length > 0 && options.scopes.every((scope) => /^\S+$/.test(scope)))
      ? undefined
      : `\`scopes\` must name at least one scope, each without blanks: write it like ${readonlyScope}, or leave it out`,
    whole("connections", options.connections),
    positive("connectTimeout", options.connectTimeout),
    ...paceProblems(options),
    ...credentialsProblems(options.credentials ?? Credentials.ApplicationDefault())
  ])
}

const optional = <A>(config: Config.Config<A>) => Config.map(Config.option(config), Option.getOrUndefined)

const variables = Config.all({
  file: optional(Config.NonEmptyString("GDRIVE_SERVICE_ACCOUNT_FILE")),
  json: optional(Config.Redacted("GDRIVE_SERVICE_ACCOUNT_JSON")),
  impersonate: optional(Config.NonEmptyString("GDRIVE_IMPERSONATE")),
  clientId: optional(Config.NonEmptyString("GDRIVE_CLIENT_ID")),
  clientSecret: optional(Config.Redacted("GDRIVE_CLIENT_SECRET")),
  refreshToken: optional(Config.Redacted("GDRIVE_REFRESH_TOKEN")),
  scopes: optional(
    Config.map(Config.NonEmptyString("GDRIVE_SCOPES"), (text) => text.split(/[\s,]+/).filter((scope) => scope !== ""))
  ),
  endpoint: optional(Config.NonEmptyString("GDRIVE_ENDPOINT")),
  tokenEndpoint: optional(Config.NonEmptyString("GDRIVE_TOKEN_ENDPOINT")),
  allowPlainHttp: optional(Config.Boolean("GDRIVE_ALLOW_PLAIN_HTTP")),
  queriesPerMinute: optional(Config.Int("GDRIVE_QUERIES_PER_MINUTE")),
  burst: optional(Config.Int("GDRIVE_BURST")),
  connections: optional(Config.Int("GDRIVE_CONNECTIONS")),
  connectTimeout: optional(Config.Duration("GDRIVE_CONNECT_TIMEOUT")),
  requestTimeout: optional(Config.Duration("GDRIVE_REQUEST_TIMEOUT"))
})

/** The options as the environment has them; the module's documentation lists the variables. */
export const fromEnvironment: Effect.Effect<Options, Config.ConfigError | Source.SourceError> = Effect.gen(
  function* () {
    const { file, json, impersonate, clientId, clientSecret, refreshToken, ...rest } = yield* variables
    const refused = (message: string) => Effect.fail(misconfigured("gdrive", message))
    const key = file !== undefined ? { file } : json !== undefined ? { json } : undefined
    const user = [clientId, clientSecret, refreshToken].filter((value) => value !== undefined).length
    if (file !== undefined && json !== undefined) {
      return yield* refused(
        "GDRIVE_SERVICE_ACCOUNT_FILE and GDRIVE_SERVICE_ACCOUNT_JSON are both set: leave one of them out"
      )
    }
    if (user > 0 && user < 3) {
      return yield* refused(
        "GDRIVE_CLIENT_ID, GDRIVE_CLIENT_SECRET and GDRIVE_REFRESH_TOKEN go together: set all three or none"
      )
    }
    if (key !== undefined && user > 0) {
      return yield* refused(
        `${file === undefined ? "GDRIVE_SERVICE_ACCOUNT_JSON" : "GDRIVE_SERVICE_ACCOUNT_FILE"} and GDRIVE_CLIENT_ID are both set: leave one of them out`
      )
    }
    if (impersonate !== undefined && key === undefined) {
      return yield* refused(
        "GDRIVE_IMPERSONATE goes with a service account: set GDRIVE_SERVICE_ACCOUNT_FILE or GDRIVE_SERVICE_ACCOUNT_JSON"
      )
    }
    const credentials =
      key !== undefined
        ? Credentials.ServiceAccount({ key, impersonate })
        : clientId !== undefined && clientSecret !== undefined && refreshToken !== undefined
          ? Credentials.OAuth({ clientId, clientSecret, refreshToken })
          : undefined
    return { ...rest, credentials }
  }
)
