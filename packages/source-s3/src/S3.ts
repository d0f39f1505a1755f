/**
 * The S3 client as a service: typed errors, interruption, one retry layer, and a pace that follows `SlowDown`.
 */
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  GetObjectTaggingCommand,
  type GetObjectTaggingCommandInput,
  type GetObjectTaggingCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  RestoreObjectCommand,
  type RestoreObjectCommandInput,
  type RestoreObjectCommandOutput,
  S3Client
} from "@aws-sdk/client-s3"
import { Check, Observer, Pacer, Retry, type Source } from "@sluice/core"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import { Clock, type Config, Context, Duration, Effect, Layer, Option, type Redacted } from "effect"
import * as Credentials from "./Credentials.ts"
import { listPage } from "./internal/listPage.ts"
import { presign } from "./internal/presign.ts"
import { fromEnvironment, type Options, refuse } from "./S3Options.ts"
import { classify, type Operation, type S3Error, type Target } from "./S3Error.ts"

/** An answer that began in time and did not end: the client's own timeouts end with the headers. */
const longestAnswer = "2 minutes"

/** What is said of a call besides its input. */
interface Call {
  readonly operation: Operation
  readonly Bucket: string | undefined
  readonly Key?: string | undefined
  readonly VersionId?: string | undefined
}

/** One client for any number of sources. Every call is interruptible, paced and retried; none is retried by the SDK. */
export class S3 extends Context.Service<
  S3,
  {
    readonly listObjects: (input: ListObjectsV2CommandInput) => Effect.Effect<ListObjectsV2CommandOutput, S3Error>
    readonly listVersions: (
      input: ListObjectVersionsCommandInput
    ) => Effect.Effect<ListObjectVersionsCommandOutput, S3Error>
    /** The body must be read to its end or destroyed. Asks for the stored checksum; does not verify it. */
    readonly getObject: (input: GetObjectCommandInput) => Effect.Effect<GetObjectCommandOutput, S3Error>
    readonly headObject: (input: HeadObjectCommandInput) => Effect.Effect<HeadObjectCommandOutput, S3Error>
    readonly getObjectTagging: (
      input: GetObjectTaggingCommandInput
    ) => Effect.Effect<GetObjectTaggingCommandOutput, S3Error>
    readonly restoreObject: (input: RestoreObjectCommandInput) => Effect.Effect<RestoreObjectCommandOutput, S3Error>
    /** A URL that anybody can GET; lives no longer than the credentials do. */
    readonly presign: (
      input: GetObjectCommandInput,
      expiresIn: Duration.Duration
    ) => Effect.Effect<Redacted.Redacted<string>, S3Error>
    /** The region that requests for a bucket go to: as configured, or as discovered so far. */
    readonly region: (bucket: string) => Effect.Effect<string>
    /** Waits of the retry layer. */
    readonly retry: Retry.Policy
    /** What there is to say about the configuration. */
    readonly findings: ReadonlyArray<Check.Finding>
  }
>()("@sluice/source-s3/S3") {
  /** A client of its own, closed with the scope. Fails with `Misconfigured` where the options cannot work. */
  static readonly layer = (options: Options = {}): Layer.Layer<S3, Source.SourceError> =>
    Layer.effect(S3, make(options))

  /** The same from the environment; `S3Options` lists the variables. `overrides` win where they are not `undefined`. */
  static readonly layerConfig = (overrides: Options = {}): Layer.Layer<S3, Config.ConfigError | Source.SourceError> =>
    Layer.effect(
      S3,
      Effect.flatMap(fromEnvironment, (options) =>
        make({
          endpoint: overrides.endpoint ?? options.endpoint,
          region: overrides.region ?? options.region,
          forcePathStyle: overrides.forcePathStyle ?? options.forcePathStyle,
          credentials: overrides.credentials ?? options.credentials,
          allowPlainHttp: overrides.allowPlainHttp ?? options.allowPlainHttp,
          connections: overrides.connections ?? options.connections,
          connectTimeout: overrides.connectTimeout ?? options.connectTimeout,
          requestTimeout: overrides.requestTimeout ?? options.requestTimeout,
          retry: overrides.retry
        })
      )
    )

  /**
   * Your own client, which stays yours to close. Make it with `maxAttempts: 1`: retries are made here, and two layers
   * multiply.
   */
  static readonly layerClient = (client: S3Client, options: { readonly retry?: Retry.Policy } = {}): Layer.Layer<S3> =>
    Layer.effect(
      S3,
      Effect.gen(function* () {
        const attempts = yield* Effect.promise(() => client.config.maxAttempts())
        return service(() => client, {
          retry: options.retry ?? Retry.standard,
          anonymous: false,
          region: () => Effect.promise(() => client.config.region()),
          moveTo: () => {},
          findings:
            attempts > 1
              ? [
                  Check.warning(
                    "maxAttempts",
                    `your S3Client makes ${attempts} attempts by itself, on top of the retries made here`,
                    "Make it with `maxAttempts: 1`"
                  )
                ]
              : []
        })
      })
    )
}

const make = Effect.fnUntraced(function* (options: Options) {
  yield* refuse(options)
  const credentials = options.credentials ?? Credentials.Default()
  const connections = options.connections ?? 128
  const millis = (input: Duration.Input | undefined, standard: Duration.Input) =>
    Duration.toMillis(Duration.fromInputUnsafe(input ?? standard))
  const home = options.region ?? (yield* ambientRegion(credentials))
  const regions = new Map<string, string>()
  const regionOf = (bucket: string) => regions.get(bucket) ?? home
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: millis(options.connectTimeout, "5 seconds"),
    requestTimeout: millis(options.requestTimeout, "30 seconds"),
    throwOnRequestTimeout: true,
    // A body that a slow consumer leaves waiting keeps its socket idle; stalled bodies are noticed by the reader.
    socketTimeout: 0,
    httpAgent: { keepAlive: true, maxSockets: connections },
    httpsAgent: { keepAlive: true, maxSockets: connections }
  })
  const open = (region: string) =>
    new S3Client({
      region,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
      ...Credentials.toClientConfig(credentials, () => Promise.resolve(home)),
      maxAttempts: 1,
      // Compatible servers reject or ignore the SDK's default CRC32, and bytes are verified here, also across resumed reads.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler
    })
  const clients = yield* Effect.acquireRelease(
    Effect.sync(() => new Map([[home, open(home)]])),
    (clients) =>
      Effect.sync(() => {
        for (const client of clients.values()) client.destroy()
      })
  )
  const clientOf = (bucket: string) => {
    const region = regionOf(bucket)
    const client = clients.get(region) ?? open(region)
    clients.set(region, client)
    return client
  }
  return service(clientOf, {
    retry: options.retry ?? Retry.standard,
    anonymous: Credentials.is("Anonymous")(credentials),
    region: (bucket) => Effect.sync(() => regionOf(bucket)),
    moveTo: (bucket, region) => {
      if (options.region === undefined) regions.set(bucket, region)
    },
    findings: []
  })
})

/** The region the SDK finds by itself; S3 answers from `us-east-1` where another one is. */
const ambientRegion = (credentials: Credentials.Credentials) =>
  Effect.promise(() => {
    const { profile } = Credentials.toClientConfig(credentials, () => Promise.resolve("us-east-1"))
    const client = new S3Client(profile === undefined ? {} : { profile })
    return client.config
      .region()
      .catch(() => "us-east-1")
      .finally(() => client.destroy())
  })

const service = (
  clientOf: (bucket: string) => S3Client,
  settings: {
    readonly retry: Retry.Policy
    readonly anonymous: boolean
    readonly region: (bucket: string) => Effect.Effect<string>
    /** Sends later requests for a bucket to another region, unless that is not for us to decide. */
    readonly moveTo: (bucket: string, region: string) => void
    readonly findings: ReadonlyArray<Check.Finding>
  }
): S3["Service"] => {
  const pacer = Pacer.make()
  const paced = pacer.pace((error: S3Error) => error.retrying === "slow-down")

  /** Buckets that have answered: their region is known. */
  const reached = new Set<string>()

  const attempt = <A>(
    target: Target,
    send: (client: S3Client, signal: AbortSignal) => Promise<A>
  ): Effect.Effect<A, S3Error> => {
    const via = (client: S3Client) =>
      Effect.tryPromise({
        try: (signal) => send(client, signal),
        catch: (thrown) => classify(thrown, target)
      }).pipe(
        Effect.timeoutOrElse({
          duration: longestAnswer,
          orElse: () => Effect.fail(classify({ name: "TimeoutError" }, target))
        })
      )
    return Effect.suspend(() => {
      const client = clientOf(target.bucket)
      return Effect.catch(via(client), (error) => {
        if (error.region !== undefined && error.reason._tag === "Misconfigured") {
          settings.moveTo(target.bucket, error.region)
        }
        // Another request may have found the region meanwhile.
        const moved = clientOf(target.bucket)
        return error.reason._tag === "Misconfigured" && moved !== client ? via(moved) : Effect.fail(error)
      })
    })
  }

  const call = Effect.fnUntraced(function* <A>(
    { operation, Bucket = "", Key, VersionId }: Call,
    send: (client: S3Client, signal: AbortSignal) => Promise<A>
  ) {
    const target = { operation, bucket: Bucket, key: Key, versionId: VersionId }
    const asked = new Map<S3Error, Duration.Duration>()
    const observer = yield* Observer.Observer
    const traffic = { role: "source", operation } as const
    const observed: typeof send = (client, signal) => {
      observer.request(traffic)
      return send(client, signal)
    }
    return yield* paced(attempt(target, observed)).pipe(
      Effect.tapError((error) =>
        Effect.map(
          Retry.retryAfter(error.retryAfter),
          Option.map((after) => asked.set(error, after))
        )
      ),
      Retry.retry(
        settings.retry,
        (error) => (error.retrying === "never" ? Retry.stop : Retry.again(asked.get(error))),
        (_, delay) =>
          Effect.sync(() => {
            observer.retried(traffic)
            observer.waited(traffic, delay)
          })
      ),
      Effect.tap(() => Effect.sync(() => reached.add(Bucket)))
    )
  })

  const headObject = Effect.fn("S3.HeadObject")((input: HeadObjectCommandInput) =>
    call({ operation: "HeadObject", ...input }, (client, abortSignal) =>
      client.send(new HeadObjectCommand(input), { abortSignal })
    )
  )

  return S3.of({
    listObjects: Effect.fn("S3.ListObjectsV2")((input) =>
      call({ operation: "ListObjectsV2", Bucket: input.Bucket }, (client, abortSignal) =>
        listPage(client, input, abortSignal)
      )
    ),
    listVersions: Effect.fn("S3.ListObjectVersions")((input) =>
      call({ operation: "ListObjectVersions", Bucket: input.Bucket }, (client, abortSignal) =>
        client.send(new ListObjectVersionsCommand(input), { abortSignal })
      )
    ),
    getObject: Effect.fn("S3.GetObject")((input) =>
      call({ operation: "GetObject", ...input }, (client, abortSignal) =>
        client.send(getObject(input), { abortSignal })
      )
    ),
    headObject,
    getObjectTagging: Effect.fn("S3.GetObjectTagging")((input) =>
      call({ operation: "GetObjectTagging", ...input }, (client, abortSignal) =>
        client.send(new GetObjectTaggingCommand(input), { abortSignal })
      )
    ),
    restoreObject: Effect.fn("S3.RestoreObject")((input) =>
      call({ operation: "RestoreObject", ...input }, (client, abortSignal) =>
        client.send(new RestoreObjectCommand(input), { abortSignal })
      )
    ),
    presign: Effect.fnUntraced(function* (input, expiresIn) {
      const { Bucket = "", Key, VersionId } = input
      // A signature is for one region, and nobody redirects whoever follows the link.
      if (!reached.has(Bucket)) yield* Effect.ignore(headObject(input))
      const now = yield* Clock.currentTimeMillis
      return yield* Effect.tryPromise({
        try: () => presign(clientOf(Bucket), input, expiresIn, settings.anonymous, now),
        catch: (thrown) => classify(thrown, { operation: "GetObject", bucket: Bucket, key: Key, versionId: VersionId })
      })
    }),
    region: settings.region,
    retry: settings.retry,
    findings: settings.findings
  })
}

/**
 * Asks for the stored checksum by header: with `ChecksumMode` the SDK would verify each answer by itself, and cannot
 * where the body is resumed by range.
 */
const getObject = (input: GetObjectCommandInput): GetObjectCommand => {
  const command = new GetObjectCommand(input)
  if (input.Range !== undefined) return command
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args
      if (
        typeof request === "object" &&
        request !== null &&
        "headers" in request &&
        typeof request.headers === "object" &&
        request.headers !== null
      ) {
        Object.assign(request.headers, { "x-amz-checksum-mode": "ENABLED" })
      }
      return next(args)
    },
    { step: "build", name: "askForStoredChecksum" }
  )
  return command
}
