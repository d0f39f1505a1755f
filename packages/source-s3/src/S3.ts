/**
 * The S3 client as a service: typed errors, interruption, one retry layer, and a pace that follows `SlowDown`.
 */
import {
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  type GetObjectTaggingCommandInput,
  type GetObjectTaggingCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  RestoreObjectCommand,
  type RestoreObjectCommandInput,
  type RestoreObjectCommandOutput,
  S3Client
} from "@aws-sdk/client-s3"
import { Check, Observer, Pacer, Retry, type Source } from "@sluice/core"
import { type Array as Arr, type Config, Context, Duration, Effect, Layer, Option, Redacted, type Scope } from "effect"
import * as Credentials from "./Credentials.ts"
import * as Connections from "./internal/connections.ts"
import type { ObjectsPage } from "./internal/listPage.ts"
import { presign } from "./internal/presign.ts"
import { bySdk, type ObjectAnswer, sent, type Thrown, type Transport } from "./internal/transport.ts"
import * as Wire from "./internal/wire.ts"
import { fromEnvironment, type Options, refuse } from "./S3Options.ts"
import { classify, type Operation, type S3Error, type Target } from "./S3Error.ts"

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
    readonly listObjects: (input: ListObjectsV2CommandInput) => Effect.Effect<ObjectsPage, S3Error>
    readonly listVersions: (
      input: ListObjectVersionsCommandInput
    ) => Effect.Effect<ListObjectVersionsCommandOutput, S3Error>
    /** The connection is given up with the scope. Asks for the stored checksum; does not verify it. */
    readonly getObject: (input: GetObjectCommandInput) => Effect.Effect<ObjectAnswer, S3Error, Scope.Scope>
    readonly headObject: (input: HeadObjectCommandInput) => Effect.Effect<HeadObjectCommandOutput, S3Error>
    readonly getObjectTagging: (
      input: GetObjectTaggingCommandInput
    ) => Effect.Effect<GetObjectTaggingCommandOutput, S3Error>
    readonly restoreObject: (input: RestoreObjectCommandInput) => Effect.Effect<RestoreObjectCommandOutput, S3Error>
    /** URLs that anybody can GET, in the order of the objects, of one bucket; they live no longer than the credentials do. */
    readonly presign: (
      inputs: Arr.NonEmptyReadonlyArray<GetObjectCommandInput>,
      expiresIn: Duration.Duration
    ) => Effect.Effect<Redacted.Redacted<ReadonlyArray<string>>, S3Error>
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
        const lane = { client, transport: bySdk(client) }
        return service(() => lane, {
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
  const sockets = Connections.make({
    connections,
    connectTimeoutMillis: millis(options.connectTimeout, "5 seconds"),
    requestTimeoutMillis: millis(options.requestTimeout, "30 seconds")
  })
  const anonymous = Credentials.is("Anonymous")(credentials)
  const open = (region: string): Lane => {
    const client = new S3Client({
      region,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
      ...Credentials.toClientConfig(credentials, () => Promise.resolve(home)),
      maxAttempts: 1,
      // Compatible servers reject or ignore the SDK's default CRC32, and bytes are verified here, also across resumed reads.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: sockets.handler
    })
    return { client, transport: Wire.make(client, sockets, anonymous) }
  }
  const lanes = yield* Effect.acquireRelease(
    Effect.sync(() => new Map<string, Lane>()),
    (lanes) =>
      Effect.sync(() => {
        for (const { client } of lanes.values()) client.destroy()
        sockets.close()
      })
  )
  const laneOf = (bucket: string) => {
    const region = regionOf(bucket)
    const lane = lanes.get(region) ?? open(region)
    lanes.set(region, lane)
    return lane
  }
  return service(laneOf, {
    retry: options.retry ?? Retry.standard,
    anonymous,
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

/** How one region is reached. */
interface Lane {
  readonly client: S3Client
  readonly transport: Transport
}

const service = (
  laneOf: (bucket: string) => Lane,
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

  const attempt = <A>(target: Target, send: (lane: Lane) => Effect.Effect<A, Thrown>): Effect.Effect<A, S3Error> => {
    const via = (lane: Lane) => Effect.mapError(send(lane), ({ thrown }) => classify(thrown, target))
    return Effect.suspend(() => {
      const lane = laneOf(target.bucket)
      return Effect.catch(via(lane), (error) => {
        if (error.region !== undefined && error.reason._tag === "Misconfigured") {
          settings.moveTo(target.bucket, error.region)
        }
        // Another request may have found the region meanwhile.
        const moved = laneOf(target.bucket)
        return error.reason._tag === "Misconfigured" && moved !== lane ? via(moved) : Effect.fail(error)
      })
    })
  }

  const call = Effect.fnUntraced(function* <A>(
    { operation, Bucket = "", Key, VersionId }: Call,
    send: (lane: Lane) => Effect.Effect<A, Thrown>
  ) {
    const target = { operation, bucket: Bucket, key: Key, versionId: VersionId }
    const asked = new Map<S3Error, Duration.Duration>()
    const observer = yield* Observer.Observer
    const traffic = { role: "source", operation } as const
    const observed: typeof send = (lane) => {
      observer.request(traffic)
      return send(lane)
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
    call({ operation: "HeadObject", ...input }, ({ client }) =>
      sent((abortSignal) => client.send(new HeadObjectCommand(input), { abortSignal }))
    )
  )

  return S3.of({
    listObjects: Effect.fn("S3.ListObjectsV2")((input) =>
      call({ operation: "ListObjectsV2", Bucket: input.Bucket }, ({ transport }) => transport.listObjects(input))
    ),
    listVersions: Effect.fn("S3.ListObjectVersions")((input) =>
      call({ operation: "ListObjectVersions", Bucket: input.Bucket }, ({ client }) =>
        sent((abortSignal) => client.send(new ListObjectVersionsCommand(input), { abortSignal }))
      )
    ),
    getObject: Effect.fn("S3.GetObject")((input) =>
      Effect.acquireRelease(
        call({ operation: "GetObject", ...input }, ({ transport }) => transport.getObject(input)),
        ({ close }) => close,
        { interruptible: true }
      )
    ),
    headObject,
    getObjectTagging: Effect.fn("S3.GetObjectTagging")((input) =>
      call({ operation: "GetObjectTagging", ...input }, ({ client }) =>
        sent((abortSignal) => client.send(new GetObjectTaggingCommand(input), { abortSignal }))
      )
    ),
    restoreObject: Effect.fn("S3.RestoreObject")((input) =>
      call({ operation: "RestoreObject", ...input }, ({ client }) =>
        sent((abortSignal) => client.send(new RestoreObjectCommand(input), { abortSignal }))
      )
    ),
    presign: Effect.fnUntraced(function* (inputs, expiresIn) {
      const [input] = inputs
      const { Bucket = "", Key, VersionId } = input
      // A signature is for one region, and nobody redirects whoever follows the link.
      if (!reached.has(Bucket)) yield* Effect.ignore(headObject(input))
      return yield* presign(laneOf(Bucket).client, inputs, expiresIn, settings.anonymous).pipe(
        Effect.mapBoth({
          onSuccess: (links) => Redacted.make(links),
          onFailure: ({ thrown }) =>
            classify(thrown, { operation: "GetObject", bucket: Bucket, key: Key, versionId: VersionId })
        })
      )
    }),
    region: settings.region,
    retry: settings.retry,
    findings: settings.findings
  })
}
