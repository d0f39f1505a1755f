/**
 * How Mixpeek is reached, checked before the first request.
 */
import { Endpoint } from "@sluice/core"
import { Config, Duration, Effect, Option, Redacted } from "effect"
import type { Rate } from "../limits/Limits.ts"
import { Misconfigured } from "../Misconfigured.ts"
import type { Category } from "./Wire.ts"

/** How Mixpeek is reached. */
export interface Options {
  /** `sk_…`. Reading is needed for checks, writing for creating objects. */
  readonly apiKey: Redacted.Redacted<string>
  /** Id (`ns_…`) or name of the namespace the bucket is in. */
  readonly namespace: string
  /** Default `https://api.mixpeek.com`. */
  readonly url?: string | undefined
  /**
   * For one request, from sending it to the end of its answer; default 120 seconds: the API fetches up to 100 URLs
   * before it answers.
   */
  readonly timeout?: Duration.Input | undefined
  /** Allows `http:` to a host that is not this machine: the key then travels in the clear. Default false. */
  readonly allowPlainHttp?: boolean | undefined
  /**
   * Upper bounds, per category; `data` is the one of objects. Without them the limits of the organization and of the
   * answers hold, and 10 requests a minute until one of them is known.
   */
  readonly rateLimits?: { readonly [C in Category]?: Rate | undefined } | undefined
  /**
   * Requests in flight at most, all categories and all users of the key in this process together. Without it what the
   * plan allows (free 5, pro 50), and 4 until it is known. Where several processes use the key, the share of this one.
   */
  readonly maxInFlight?: number | undefined
  /**
   * How long a request waits for an API that is down before the run fails, and a file for a storage of uploads that is; default 15
   * minutes. Nothing but a probe is sent meanwhile. What has not answered yet since the process began is not waited for.
   */
  readonly maxUnavailable?: Duration.Input | undefined
  /** Bytes per second of all uploads in this process together, at least 1,024; no cap by default. */
  readonly uploadBytesPerSecond?: number | undefined
}

/** Options that hold. */
export interface Checked {
  readonly apiKey: Redacted.Redacted<string>
  readonly namespace: string
  /** Without a slash at the end. */
  readonly url: string
  readonly timeout: Duration.Duration
  readonly allowPlainHttp: boolean
  readonly rateLimits: { readonly [C in Category]?: Rate | undefined }
  readonly maxInFlight: number | undefined
  readonly maxUnavailable: Duration.Duration
  readonly uploadBytesPerSecond: number | undefined
}

export const defaultUrl = "https://api.mixpeek.com"
export const defaultTimeout = Duration.seconds(120)
export const defaultMaxUnavailable = Duration.minutes(15)

const wrong = (field: string, problem: string, remedy: string) =>
  Effect.fail(new Misconfigured({ field, problem, remedy }))

const checkUrl = (text: string, allowPlainHttp: boolean): Effect.Effect<string, Misconfigured> => {
  const field = "url (MIXPEEK_URL)"
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return wrong(field, "not an https address", `Use an address such as ${defaultUrl}`)
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return wrong(field, "holds credentials, a query or a fragment", "Leave the bare address; the key goes into apiKey")
  }
  if (Endpoint.isExposed(url) && !allowPlainHttp) {
    return wrong(
      field,
      `plain http to ${url.hostname} would send the key in the clear`,
      "Use https, or set allowPlainHttp (MIXPEEK_ALLOW_PLAIN_HTTP) if that is what you want"
    )
  }
  return Effect.succeed(url.href.replace(/\/+$/, ""))
}

/** Refuses options that cannot work. Looks at nothing outside. */
export const check = Effect.fnUntraced(function* (options: Options) {
  const key = Redacted.value(options.apiKey)
  if (key.trim() === "") {
    return yield* wrong("apiKey (MIXPEEK_API_KEY)", "empty", "Set it to an API key of your organization (sk_…)")
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    return yield* wrong(
      "apiKey (MIXPEEK_API_KEY)",
      "holds spaces, line breaks or characters that a key cannot have",
      "Copy the key again, without quotes around it"
    )
  }
  if (!/^[\x21-\x7e]+$/.test(options.namespace)) {
    return yield* wrong(
      "namespace (MIXPEEK_NAMESPACE)",
      options.namespace.trim() === "" ? "empty" : "holds spaces or characters that a header cannot have",
      "Set it to the id (ns_…) or name of the namespace your bucket is in"
    )
  }
  const timeout = Option.getOrUndefined(Duration.fromInput(options.timeout ?? defaultTimeout))
  if (timeout === undefined || Duration.toMillis(timeout) < 1000 || !Duration.isFinite(timeout)) {
    return yield* wrong(
      "timeout (MIXPEEK_TIMEOUT)",
      "not a duration, below one second, or endless",
      "Use 30 to 300 seconds"
    )
  }
  for (const [category, rate] of Object.entries(options.rateLimits ?? {})) {
    if (rate === undefined) continue
    if (!(rate.perMinute > 0 && Number.isFinite(rate.perMinute)) || (rate.burst !== undefined && !(rate.burst >= 1))) {
      return yield* wrong(
        `rateLimits.${category}`,
        "perMinute is not a number above 0, or burst is below 1",
        "Use the figures of your plan, such as { perMinute: 600, burst: 200 }"
      )
    }
  }
  const { maxInFlight } = options
  if (maxInFlight !== undefined && !(Number.isSafeInteger(maxInFlight) && maxInFlight >= 1)) {
    return yield* wrong(
      "maxInFlight (MIXPEEK_MAX_IN_FLIGHT)",
      `${maxInFlight} is not a whole number from 1`,
      "Use what your plan allows (free 5, pro 50), or leave it out"
    )
  }
  const maxUnavailable = Option.getOrUndefined(Duration.fromInput(options.maxUnavailable ?? defaultMaxUnavailable))
  if (maxUnavailable === undefined || Duration.isNegative(maxUnavailable) || !Duration.isFinite(maxUnavailable)) {
    return yield* wrong(
      "maxUnavailable (MIXPEEK_MAX_UNAVAILABLE)",
      "not a duration, negative, or endless",
      "Use some minutes; 0 seconds for not waiting at all"
    )
  }
  const { uploadBytesPerSecond } = options
  if (uploadBytesPerSecond !== undefined && !(Number.isFinite(uploadBytesPerSecond) && uploadBytesPerSecond >= 1024)) {
    return yield* wrong(
      "uploadBytesPerSecond (MIXPEEK_UPLOAD_BYTES_PER_SECOND)",
      `${uploadBytesPerSecond} is not a number from 1,024`,
      "Use bytes per second, such as 5_000_000 for 40 Mbit/s, or leave it out"
    )
  }
  const checked: Checked = {
    apiKey: options.apiKey,
    namespace: options.namespace,
    url: yield* checkUrl(options.url ?? defaultUrl, options.allowPlainHttp ?? false),
    timeout,
    allowPlainHttp: options.allowPlainHttp ?? false,
    rateLimits: options.rateLimits ?? {},
    maxInFlight,
    maxUnavailable,
    uploadBytesPerSecond
  }
  return checked
})

/**
 * Options from the environment: `MIXPEEK_API_KEY` and `MIXPEEK_NAMESPACE` (both required), `MIXPEEK_URL`,
 * `MIXPEEK_TIMEOUT` (`120 seconds`), `MIXPEEK_ALLOW_PLAIN_HTTP`, `MIXPEEK_REQUESTS_PER_MINUTE` and `MIXPEEK_BURST`
 * (upper bounds of the category `data`), `MIXPEEK_MAX_IN_FLIGHT`,
 * `MIXPEEK_MAX_UNAVAILABLE` (`15 minutes`), `MIXPEEK_UPLOAD_BYTES_PER_SECOND`.
 */
export const config: Config.Config<Options> = Config.all({
  apiKey: Config.Redacted("API_KEY").pipe(Config.withDefault(Redacted.make(""))),
  namespace: Config.String("NAMESPACE").pipe(Config.withDefault("")),
  url: Config.option(Config.String("URL")),
  timeout: Config.option(Config.Duration("TIMEOUT")),
  allowPlainHttp: Config.Boolean("ALLOW_PLAIN_HTTP").pipe(Config.withDefault(false)),
  perMinute: Config.option(Config.Int("REQUESTS_PER_MINUTE")),
  burst: Config.option(Config.Int("BURST")),
  maxInFlight: Config.option(Config.Int("MAX_IN_FLIGHT")),
  maxUnavailable: Config.option(Config.Duration("MAX_UNAVAILABLE")),
  uploadBytesPerSecond: Config.option(Config.Finite("UPLOAD_BYTES_PER_SECOND"))
}).pipe(
  Config.nested("MIXPEEK"),
  Config.map((values) => ({
    apiKey: values.apiKey,
    namespace: values.namespace,
    url: Option.getOrUndefined(values.url),
    timeout: Option.getOrUndefined(values.timeout),
    allowPlainHttp: values.allowPlainHttp,
    rateLimits: Option.match(values.perMinute, {
      onNone: () => undefined,
      onSome: (perMinute) => ({ data: { perMinute, burst: Option.getOrUndefined(values.burst) } })
    }),
    maxInFlight: Option.getOrUndefined(values.maxInFlight),
    maxUnavailable: Option.getOrUndefined(values.maxUnavailable),
    uploadBytesPerSecond: Option.getOrUndefined(values.uploadBytesPerSecond)
  }))
)
