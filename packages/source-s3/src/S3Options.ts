/**
 * How S3 is reached, and as whom.
 *
 * From the environment (`fromEnvironment`), each optional:
 *
 * | variable | meaning |
 * |---|---|
 * | `S3_ENDPOINT` | `https://…` of a compatible server; AWS where not set |
 * | `S3_REGION` | region of the bucket; discovered where not set |
 * | `S3_FORCE_PATH_STYLE` | `true`/`false`; `true` by default where there is an endpoint |
 * | `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY` | a key pair; both or neither |
 * | `S3_SESSION_TOKEN` | goes with a temporary key pair |
 * | `S3_PROFILE` | a profile of the shared AWS files; not together with a key pair |
 * | `S3_ROLE_ARN` | a role to assume with the above |
 * | `S3_ROLE_EXTERNAL_ID`, `S3_ROLE_SESSION_NAME` | go with the role |
 * | `S3_STS_ENDPOINT` | where the role is assumed; AWS where not set |
 * | `S3_ANONYMOUS` | `true`: requests are not signed; not together with the above |
 * | `S3_ALLOW_PLAIN_HTTP` | `true`: `http://` is accepted to other hosts than this one |
 * | `S3_CONNECTIONS` | connections at a time, 128 |
 * | `S3_CONNECT_TIMEOUT`, `S3_REQUEST_TIMEOUT` | `5 seconds`, `30 seconds` |
 *
 * Without credentials of its own, the AWS SDK's default chain is used, with all of its `AWS_*` variables.
 */
import { Endpoint, type Retry, Source } from "@sluice/core"
import { Config, Duration, Effect, Option } from "effect"
import * as Credentials from "./Credentials.ts"

export interface Options {
  /** `https://s3.example.com` of a server that speaks S3's protocol. AWS where left out. */
  readonly endpoint?: string | undefined
  /** The bucket's region. Where left out: what the AWS SDK finds, then what S3's redirect says. */
  readonly region?: string | undefined
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. By default where there is an endpoint. */
  readonly forcePathStyle?: boolean | undefined
  /** `Credentials.Default()` where left out. */
  readonly credentials?: Credentials.Credentials | undefined
  /** Accepts `http://` to other hosts than this one. Keys are not sent in clear, but file names and contents are. */
  readonly allowPlainHttp?: boolean | undefined
  /** Connections at a time, 128: at least as many as files are read at a time, plus those that list. */
  readonly connections?: number | undefined
  /** Until a connection stands, 5 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /** From request to the beginning of its answer, 30 seconds. */
  readonly requestTimeout?: Duration.Input | undefined
  /** `Retry.standard` where left out. */
  readonly retry?: Retry.Policy | undefined
}

/** A configuration that cannot work: which field, why not, and what to write instead. */
export const misconfigured = (source: string, message: string): Source.SourceError =>
  new Source.SourceError({ source, operation: "configure", reason: new Source.Misconfigured(), message })

const endpointProblem = (field: string, endpoint: string, allowPlainHttp: boolean): string | undefined => {
  const url = URL.parse(endpoint)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return `\`${field}\` is not an http(s) URL: write it like https://s3.example.com`
  }
  if (url.username !== "" || url.password !== "") {
    return `\`${field}\` holds a user name or password: leave them out and set \`credentials\``
  }
  if (Endpoint.isExposed(url) && !allowPlainHttp) {
    return `\`${field}\` is plain http to ${url.hostname}, which anybody on the way can read: use https, or set \`allowPlainHttp: true\` (S3_ALLOW_PLAIN_HTTP=true)`
  }
  return undefined
}

const credentialsProblems = (
  credentials: Credentials.Credentials,
  allowPlainHttp: boolean
): ReadonlyArray<string | undefined> =>
  Credentials.match(credentials, {
    Default: () => [],
    Anonymous: () => [],
    Static: ({ accessKeyId }) => [
      accessKeyId === ""
        ? "`accessKeyId` is empty: set it, or leave `credentials` out for the SDK's default chain"
        : undefined
    ],
    Profile: ({ profile }) => [
      profile === "" ? "`profile` is empty: name a profile of the shared AWS files" : undefined
    ],
    AssumeRole: ({ roleArn, stsEndpoint, from }) => [
      /^arn:[\w-]+:[\w-]*:/.test(roleArn)
        ? undefined
        : "`roleArn` is not an ARN: write it like arn:aws:iam::123456789012:role/sluice",
      stsEndpoint === undefined ? undefined : endpointProblem("stsEndpoint", stsEndpoint, allowPlainHttp),
      from !== undefined && Credentials.is("Anonymous")(from)
        ? "`credentials.from` is anonymous, but a role can only be assumed by somebody: give it a key pair or a profile"
        : undefined,
      ...(from === undefined ? [] : credentialsProblems(from, allowPlainHttp))
    ]
  })

/** Fails with everything that is wrong with the options, before anything is opened. */
export const refuse = (options: Options): Effect.Effect<void, Source.SourceError> => {
  const plain = options.allowPlainHttp === true
  const positive = (field: string, value: Duration.Input | undefined) =>
    value === undefined || Duration.isPositive(Duration.fromInputUnsafe(value))
      ? undefined
      : `\`${field}\` must be longer than zero`
  const problems = [
    options.endpoint === undefined ? undefined : endpointProblem("endpoint", options.endpoint, plain),
    options.region === "" ? "`region` is empty: name one, or leave it out" : undefined,
    options.connections !== undefined && !(Number.isInteger(options.connections) && options.connections > 0)
      ? "`connections` must be a whole number above 0"
      : undefined,
    positive("connectTimeout", options.connectTimeout),
    positive("requestTimeout", options.requestTimeout),
    ...credentialsProblems(options.credentials ?? Credentials.Default(), plain)
  ].filter((problem) => problem !== undefined)
  return problems.length === 0 ? Effect.void : Effect.fail(misconfigured("s3", problems.join("; ")))
}

const optional = <A>(config: Config.Config<A>) => Config.map(Config.option(config), Option.getOrUndefined)

const variables = Config.all({
  endpoint: optional(Config.NonEmptyString("S3_ENDPOINT")),
  region: optional(Config.NonEmptyString("S3_REGION")),
  forcePathStyle: optional(Config.Boolean("S3_FORCE_PATH_STYLE")),
  accessKeyId: optional(Config.NonEmptyString("S3_ACCESS_KEY_ID")),
  secretAccessKey: optional(Config.Redacted("S3_SECRET_ACCESS_KEY")),
  sessionToken: optional(Config.Redacted("S3_SESSION_TOKEN")),
  profile: optional(Config.NonEmptyString("S3_PROFILE")),
  roleArn: optional(Config.NonEmptyString("S3_ROLE_ARN")),
  externalId: optional(Config.NonEmptyString("S3_ROLE_EXTERNAL_ID")),
  sessionName: optional(Config.NonEmptyString("S3_ROLE_SESSION_NAME")),
  stsEndpoint: optional(Config.NonEmptyString("S3_STS_ENDPOINT")),
  anonymous: optional(Config.Boolean("S3_ANONYMOUS")),
  allowPlainHttp: optional(Config.Boolean("S3_ALLOW_PLAIN_HTTP")),
  connections: optional(Config.Int("S3_CONNECTIONS")),
  connectTimeout: optional(Config.Duration("S3_CONNECT_TIMEOUT")),
  requestTimeout: optional(Config.Duration("S3_REQUEST_TIMEOUT"))
})

/** The options as the environment has them; the module's documentation lists the variables. */
export const fromEnvironment: Effect.Effect<Options, Config.ConfigError | Source.SourceError> = Effect.gen(
  function* () {
    const {
      accessKeyId,
      secretAccessKey,
      sessionToken,
      profile,
      roleArn,
      externalId,
      sessionName,
      stsEndpoint,
      anonymous,
      ...rest
    } = yield* variables
    const refused = (message: string) => Effect.fail(misconfigured("s3", message))
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
      return yield* refused("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: set both or neither")
    }
    if (sessionToken !== undefined && accessKeyId === undefined) {
      return yield* refused("S3_SESSION_TOKEN goes with a key pair: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY too")
    }
    if (profile !== undefined && accessKeyId !== undefined) {
      return yield* refused("S3_PROFILE and S3_ACCESS_KEY_ID are both set: leave one of them out")
    }
    if (roleArn === undefined && (externalId ?? sessionName ?? stsEndpoint) !== undefined) {
      return yield* refused(
        "S3_ROLE_EXTERNAL_ID, S3_ROLE_SESSION_NAME and S3_STS_ENDPOINT go with a role: set S3_ROLE_ARN"
      )
    }
    if (anonymous === true && (accessKeyId ?? profile ?? roleArn) !== undefined) {
      return yield* refused("S3_ANONYMOUS is set together with credentials: leave one of them out")
    }
    const own =
      accessKeyId !== undefined && secretAccessKey !== undefined
        ? Credentials.Static({ accessKeyId, secretAccessKey, sessionToken })
        : profile === undefined
          ? undefined
          : Credentials.Profile({ profile })
    const credentials =
      anonymous === true
        ? Credentials.Anonymous()
        : roleArn === undefined
          ? own
          : Credentials.AssumeRole({ roleArn, externalId, sessionName, stsEndpoint, from: own })
    return { ...rest, credentials }
  }
)
