/**
 * The storage behind a presigned address: S3's PUT, which knows nothing of Mixpeek and answers in XML.
 *
 * The address is a secret: it is in no span, no log, no error.
 */
import { Endpoint, Observer, type Source } from "@sluice/core"
import { Clock, Context, Data, Duration, Effect, Exit, Option, Redacted, Stream } from "effect"
import { type Headers, HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import type { Cap } from "../limits/Bandwidth.ts"
import * as Circuit from "../limits/Circuit.ts"
import { scrub } from "./ErrorBody.ts"
import { isDown } from "./MixpeekError.ts"

/** What is put where. */
export interface Put {
  readonly url: Redacted.Redacted<string>
  /** The one the address was made for: another is refused. */
  readonly contentType: string
  /** Exactly so many follow. */
  readonly bytes: number
  /** What is there already in one piece goes in one piece. */
  readonly content: Uint8Array | Stream.Stream<Uint8Array, Source.SourceError>
}

/** What the storage says of content that it took. */
export interface Stored {
  /** As it was received: quoted, where it is. */
  readonly etag: string | undefined
  /** Of what it keeps, in lower-case hex, where it tells. */
  readonly md5: string | undefined
}

/**
 * Why a PUT failed. `expired`: the address is too old. `refused`: this content is not taken. `busy`: throttled, broken or silent;
 * the same again may work. `corrupt`: something else is kept than was sent. `exposed`: the address is one to which nothing is
 * sent in the clear. `down`: the storage stayed down for as long as anybody waits for it. `unwanted`: it is down, and nobody waits
 * for it any more.
 */
export class StorageError extends Data.TaggedError("StorageError")<{
  readonly reason: "expired" | "refused" | "busy" | "corrupt" | "exposed" | "down" | "unwanted"
  readonly message: string
}> {}

/** Neither a byte taken nor an answer for so long: nothing will come. */
const longestSilence = Duration.minutes(2)
const lookEvery = Duration.seconds(5)

/** `<Error><Code>…</Code><Message>…</Message></Error>`: the two parts that decide, of what may not even be XML. */
const partOf = (xml: string, name: "Code" | "Message"): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ""

const isExpired = (status: number, code: string, message: string) =>
  (status === 403 || status === 400) && (/ExpiredToken|RequestExpired/.test(code) || /expired/i.test(message))

const fromAnswer = (status: number, body: string) => {
  const code = partOf(body, "Code")
  const message = partOf(body, "Message")
  const said = scrub(code === "" ? `${status}` : `${status} ${code}: ${message}`)
  if (isExpired(status, code, message)) {
    return new StorageError({ reason: "expired", message: `the address of an upload is no longer valid (${said})` })
  }
  const isBusy = status >= 500 || status === 429 || status === 408 || /^(SlowDown|RequestTimeout)$/.test(code)
  return new StorageError({
    reason: isBusy ? "busy" : "refused",
    message: `the storage of uploads answered ${said}`
  })
}

/** An ETag is the MD5 of what was put in one piece, but not where it is encrypted with a key of KMS or of the customer's. */
const storedOf = (headers: Headers.Headers): Stored => {
  const { etag } = headers
  const encryption = headers["x-amz-server-side-encryption"] ?? "AES256"
  const isPlain = encryption === "AES256" && headers["x-amz-server-side-encryption-customer-algorithm"] === undefined
  const md5 = isPlain ? /^"?([0-9a-f]{32})"?$/i.exec(etag ?? "")?.[1] : undefined
  return { etag, md5: md5?.toLowerCase() }
}

/**
 * A client for storage: its requests are in no span. They run in `surroundings` alone: of what is there where they are called,
 * which grows with the program, a client of Effect copies all for each request.
 */
export const client = (http: HttpClient.HttpClient, surroundings: Context.Context<never>): HttpClient.HttpClient => {
  const quiet = Context.add(surroundings, HttpClient.TracerDisabledWhen, () => true)
  return HttpClient.transformResponse(
    http,
    Effect.updateContext(() => quiet)
  )
}

const silent = Effect.fail(
  new StorageError({
    reason: "busy",
    message: `the storage of uploads took nothing for ${Duration.format(longestSilence)}`
  })
)

type Bytes = Stream.Stream<Uint8Array, Source.SourceError>

/**
 * Sends content that is read meanwhile, until nothing was taken of it for too long. Fails with what reading it fails with: what
 * was sent then is broken off because of that.
 */
const sendStream = Effect.fnUntraced(function* <A>(
  content: Bytes,
  cap: Cap | undefined,
  send: (content: Bytes) => Effect.Effect<A, StorageError>
): Effect.fn.Return<A, StorageError | Source.SourceError> {
  let broken: Source.SourceError | undefined
  let heard = yield* Clock.currentTimeMillis
  /** It is we who are silent. */
  let holdsBack = false
  const limited =
    cap === undefined
      ? content
      : cap((waiting) => {
          holdsBack = waiting
        })(content)
  const watched = limited.pipe(
    Stream.mapArrayEffect((chunks) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        heard = now
        return chunks
      })
    ),
    Stream.tapError((error) =>
      Effect.sync(() => {
        broken = error
      })
    )
  )
  const silence = Effect.gen(function* () {
    while (true) {
      const now = yield* Clock.currentTimeMillis
      if (holdsBack) heard = now
      if (now - heard >= Duration.toMillis(longestSilence)) return yield* silent
      yield* Effect.sleep(lookEvery)
    }
  })
  return yield* Effect.raceFirst(
    Effect.mapError(send(watched), (error) => broken ?? error),
    silence
  )
})

/**
 * Puts content, no faster than all uploads together may, and answers with what the storage says of it. Fails with what reading the
 * content fails with, or with `StorageError`. `http` is a `client`.
 */
export const put = Effect.fn("Storage.put")(function* (
  http: HttpClient.HttpClient,
  { bytes, content, contentType, url }: Put,
  allowPlainHttp: boolean,
  cap?: Cap
): Effect.fn.Return<Stored, StorageError | Source.SourceError> {
  yield* Effect.annotateCurrentSpan({ bytes })
  const address = URL.parse(Redacted.value(url))
  if (address === null || (Endpoint.isExposed(address) && !allowPlainHttp)) {
    return yield* new StorageError({
      reason: "exposed",
      message: `Mixpeek wants files put at ${address === null ? "something that is no address" : `plain http://${address.hostname}`}: they would travel in the clear. Set allowPlainHttp (MIXPEEK_ALLOW_PLAIN_HTTP) if that is what you want`
    })
  }
  const send = (body: HttpBody.HttpBody) =>
    // As it is: taken apart and put together again, its signature might not fit any more.
    http.execute(HttpClientRequest.setBody(HttpClientRequest.put(Redacted.value(url)), body)).pipe(
      Effect.flatMap((response) => Effect.map(response.text, (text) => ({ response, text }))),
      // The client's own error holds the request, and with it the address.
      Effect.mapError(() => new StorageError({ reason: "busy", message: "the connection to the storage broke" }))
    )
  const isWhole = content instanceof Uint8Array
  const whole = bytes === 0 ? new Uint8Array() : isWhole && cap === undefined ? content : undefined
  const { response, text } = yield* whole === undefined
    ? sendStream(isWhole ? Stream.make(content) : content, cap, (read) =>
        send(HttpBody.stream(read, contentType, bytes))
      )
    : Effect.timeoutOrElse(send(HttpBody.uint8Array(whole, contentType)), {
        duration: longestSilence,
        orElse: () => silent
      })
  if (response.status < 200 || response.status >= 300) return yield* fromAnswer(response.status, text)
  return storedOf(response.headers)
})

/** How the storage is treated. */
export interface Options {
  readonly allowPlainHttp: boolean
  readonly cap: Cap | undefined
  /** How long a PUT waits for a storage that is down. */
  readonly maxUnavailable: Duration.Duration
}

/** A storage that is up answers a probe in less. */
const probeTimeout = Duration.seconds(30)

/** The address without its signature: a storage that is up refuses that, and nothing comes of it. */
const probe = (http: HttpClient.HttpClient, { origin, pathname }: URL): Effect.Effect<Circuit.Health> =>
  http.execute(HttpClientRequest.head(`${origin}${pathname}`)).pipe(
    Effect.timeout(probeTimeout),
    Effect.exit,
    Effect.map((exit) => (Exit.isSuccess(exit) && !isDown(exit.value.status) ? "up" : "down"))
  )

/** `busy` may also be throttled: a probe is answered then, and a second has passed. */
const health = (exit: Exit.Exit<Stored, StorageError | Source.SourceError>): Circuit.Health => {
  if (Exit.isSuccess(exit)) return "up"
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error?._tag !== "StorageError" || error.reason === "exposed") return "neither"
  return error.reason === "busy" ? "down" : "up"
}

/**
 * `put` as long as the storage is up. While it is down, files wait for it together, and only a probe is sent: it is no API's
 * address, so it has a circuit of its own. Told to the observer.
 */
export const putWhenUp = Effect.fnUntraced(function* (
  http: HttpClient.HttpClient,
  what: Put,
  options: Options
): Effect.fn.Return<Stored, StorageError | Source.SourceError> {
  const address = URL.parse(Redacted.value(what.url))
  const sent = put(http, what, options.allowPlainHttp, options.cap)
  if (address === null) return yield* sent
  const observer = yield* Observer.Observer
  const traffic = { role: "sink", operation: "putUpload" } as const
  const circuit = yield* Circuit.of(address.origin)
  const whenUp = circuit
    .whenUp({
      probe: probe(http, address),
      atMost: options.maxUnavailable,
      waited: (outage) => observer.unavailable(traffic, outage)
    })
    .pipe(
      Effect.mapError(
        (error) =>
          new StorageError(
            error._tag === "Stopped"
              ? { reason: "unwanted", message: "a file is not put: the storage of uploads is not available" }
              : {
                  reason: "down",
                  message: `the storage of uploads has not been available for ${Duration.format(error.for)}`
                }
          )
      )
    )
  const request = Effect.suspend(() => {
    observer.request(traffic)
    return sent
  })
  const attempt: Effect.Effect<Stored, StorageError | Source.SourceError> = Effect.andThen(
    whenUp,
    circuit.watch(request, health)
  ).pipe(Effect.catchTag("CircuitBreakerError", () => attempt))
  return yield* attempt
})
