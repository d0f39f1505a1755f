/**
 * Google Drive's client as a service: typed answers and errors, interruption, one retry layer, access tokens that are
 * renewed, and a pace that Google does not mind.
 */
import { Check, Retry, type Source } from "@sluice/core"
import { type Config, Context, Duration, Effect, Layer } from "effect"
import * as Credentials from "./Credentials.ts"
import type { DriveClient } from "./DriveClient.ts"
import * as DriveOptions from "./DriveOptions.ts"
import * as Budget from "./internal/budget.ts"
import * as Download from "./internal/download.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Grant from "./internal/grant.ts"
import * as ServiceAccountKey from "./internal/serviceAccountKey.ts"
import * as Sockets from "./internal/sockets.ts"
import * as Theirs from "./internal/theirs.ts"
import * as Tokens from "./internal/tokens.ts"
import * as Requests from "./Requests.ts"

/** One client for any number of sources. Every request is interruptible, paced and retried; none by Google's client. */
export class Drive extends Context.Service<
  Drive,
  Requests.Requests & {
    /** Waits of the retry layer. */
    readonly retry: Retry.Policy
    /** What there is to say about the configuration. */
    readonly findings: ReadonlyArray<Check.Finding>
  }
>()("@sluice/source-gdrive/Drive") {
  /**
   * A client of its own, closed with the scope. Fails with `Misconfigured` where the options cannot work. Google is not
   * asked before the first request.
   */
  static readonly layer = (options: DriveOptions.Options = {}): Layer.Layer<Drive, Source.SourceError> =>
    Layer.effect(Drive, make(options))

  /** The same from the environment; `DriveOptions` lists the variables. `overrides` win where they are not `undefined`. */
  static readonly layerConfig = (
    overrides: DriveOptions.Options = {}
  ): Layer.Layer<Drive, Config.ConfigError | Source.SourceError> =>
    Layer.effect(
      Drive,
      Effect.flatMap(DriveOptions.fromEnvironment, (options) =>
        make({
          credentials: overrides.credentials ?? options.credentials,
          scopes: overrides.scopes ?? options.scopes,
          endpoint: overrides.endpoint ?? options.endpoint,
          tokenEndpoint: overrides.tokenEndpoint ?? options.tokenEndpoint,
          allowPlainHttp: overrides.allowPlainHttp ?? options.allowPlainHttp,
          queriesPerMinute: overrides.queriesPerMinute ?? options.queriesPerMinute,
          burst: overrides.burst ?? options.burst,
          connections: overrides.connections ?? options.connections,
          connectTimeout: overrides.connectTimeout ?? options.connectTimeout,
          requestTimeout: overrides.requestTimeout ?? options.requestTimeout,
          retry: overrides.retry
        })
      )
    )

  /**
   * Your own client, which stays yours: `drive({ version: "v3", auth })` of `@googleapis/drive`, or
   * `google.drive({ version: "v3", auth })` of `googleapis`. Where it goes, and as whom, is its own affair; its retries
   * are switched off for the requests made here.
   */
  static readonly layerClient = (
    client: DriveClient,
    pace: DriveOptions.Pace = {}
  ): Layer.Layer<Drive, Source.SourceError> => Layer.effect(Drive, makeTheirs(client, pace))
}

const make = Effect.fnUntraced(function* (options: DriveOptions.Options) {
  yield* DriveOptions.refuse(options)
  const who = yield* resolve(options.credentials ?? Credentials.ApplicationDefault())
  const endpoint = new URL(options.endpoint ?? DriveOptions.publicEndpoint).origin
  const scopes = options.scopes ?? [DriveOptions.readonlyScope]
  const sockets = yield* Sockets.make({
    connections: options.connections ?? 128,
    connectTimeout: Duration.toMillis(Duration.fromInputUnsafe(options.connectTimeout ?? "5 seconds"))
  })
  const { drive } = yield* Effect.promise(() => import("@googleapis/drive"))
  return yield* service(drive({ version: "v3", rootUrl: `${endpoint}/`, agent: sockets }), options, {
    endpoint,
    account: `${endpoint} ${Grant.accountOf(who)}`,
    ask: Grant.ask(who, {
      scopes,
      tokenEndpoint: options.tokenEndpoint,
      sockets,
      timeout: Duration.toMillis(requestTimeout(options))
    }),
    adapter: undefined,
    agent: sockets,
    findings: scopeFindings(scopes)
  })
})

const makeTheirs = Effect.fnUntraced(function* (client: DriveClient, pace: DriveOptions.Pace) {
  yield* DriveOptions.refusePace(pace)
  return yield* service(client, pace, Theirs.look(client))
})

/** Reads the key that is to be used. */
const resolve = (credentials: Credentials.Credentials): Effect.Effect<Grant.Who, Source.SourceError> =>
  credentials._tag === "ServiceAccount"
    ? ServiceAccountKey.load(credentials.key).pipe(
        Effect.map((key): Grant.Who => ({ _tag: "Key", key, impersonate: credentials.impersonate })),
        Effect.mapError((problem) => DriveOptions.misconfigured("gdrive", problem))
      )
    : Effect.succeed(credentials)

const requestTimeout = (pace: DriveOptions.Pace) => Duration.fromInputUnsafe(pace.requestTimeout ?? "1 minute")

const scopeFindings = (scopes: ReadonlyArray<string>): ReadonlyArray<Check.Finding> => {
  const wide = scopes.filter((scope) => /\/auth\/(drive|drive\.appdata|drive\.scripts|cloud-platform)$/.test(scope))
  return wide.length === 0
    ? []
    : [
        Check.warning(
          "scopes",
          `${wide.join(", ")} allows more than reading, and nothing here needs that`,
          `Ask for ${DriveOptions.readonlyScope} instead`
        )
      ]
}

const service = Effect.fnUntraced(function* (
  client: DriveClient,
  pace: DriveOptions.Pace,
  { account, adapter, agent, ask, endpoint, findings }: Theirs.Theirs
) {
  const { gaxios } = yield* Effect.promise(() => import("google-auth-library"))
  const outside = new gaxios.Gaxios()
  const link =
    (url: URL): Download.SendFor =>
    (signal, headers) =>
      outside.request({
        url,
        signal,
        headers: { ...headers, "accept-encoding": "identity" },
        responseType: "stream",
        redirect: "manual",
        retry: false,
        validateStatus: Download.acceptStatus,
        ...(agent === undefined ? {} : { agent })
      })
  const retry = pace.retry ?? Retry.standard
  const exchange = Exchange.make({
    budget: Budget.of(account, {
      queriesPerMinute: pace.queriesPerMinute ?? 6000,
      burst: pace.burst ?? 100
    }),
    tokens: ask === undefined ? undefined : Tokens.make(ask),
    retry,
    requestTimeout: requestTimeout(pace)
  })
  const downloads = Download.make({ endpoint, exchange, link })
  return Drive.of({ ...Requests.make({ client, adapter, endpoint, exchange, downloads }), retry, findings })
})
