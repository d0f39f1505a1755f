/** The official client on a stand-in, and what it is refused with. */
import { drive, type drive_v3 } from "@googleapis/drive"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect, Predicate, Redacted, Schema } from "effect"
import { JWT, OAuth2Client } from "google-auth-library"

/** `drive.readonly` and its like, in full. */
export const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`

const Key = Schema.fromJsonString(Schema.Struct({ client_email: Schema.String, private_key: Schema.String }))

/** Sends what goes to Google's token endpoint to the stand-in: the address is built into the library. */
const redirected = <A extends JWT | OAuth2Client>(client: A, standIn: DriveStandIn.DriveStandIn): A => {
  client.transporter.interceptors.request.add({
    resolved: async (options) => {
      const { host, pathname } = new URL(options.url)
      return host === "oauth2.googleapis.com" ? { ...options, url: new URL(standIn.url + pathname) } : options
    }
  })
  return client
}

/** Who asks. */
export interface As {
  readonly scopes?: ReadonlyArray<string>
  /** An account of the domain, by delegation. */
  readonly subject?: string
  /** The person, by refresh token. */
  readonly person?: boolean
}

/** A client that retries nothing. */
export const clientOf = (standIn: DriveStandIn.DriveStandIn, as: As = {}): drive_v3.Drive =>
  drive({ version: "v3", rootUrl: `${standIn.url}/`, retry: false, auth: authOf(standIn, as) })

/** What signs in. */
export const authOf = (standIn: DriveStandIn.DriveStandIn, as: As = {}): JWT | OAuth2Client => {
  if (as.person === true) {
    const { clientId, clientSecret, refreshToken } = standIn.oauth
    const client = new OAuth2Client({ clientId, clientSecret: Redacted.value(clientSecret) })
    client.setCredentials({ refresh_token: Redacted.value(refreshToken) })
    return redirected(client, standIn)
  }
  const key = Schema.decodeUnknownSync(Key)(Redacted.value(standIn.serviceAccount.keyJson))
  const jwt = new JWT({
    email: key.client_email,
    key: key.private_key,
    scopes: [...(as.scopes ?? [scope("drive.readonly")])],
    ...(as.subject === undefined ? {} : { subject: as.subject })
  })
  return redirected(jwt, standIn)
}

/** What an answer says. */
export const said = <A>(ask: () => Promise<{ readonly data: A }>): Effect.Effect<A> =>
  Effect.promise(async () => (await ask()).data)

const Problem = Schema.Struct({
  error: Schema.Struct({
    code: Schema.Finite,
    message: Schema.String,
    errors: Schema.Array(
      Schema.Struct({
        message: Schema.String,
        domain: Schema.String,
        reason: Schema.String,
        location: Schema.optionalKey(Schema.String),
        locationType: Schema.optionalKey(Schema.String)
      })
    )
  })
})

/** Why a request was refused. */
export interface Refused {
  readonly status: number | undefined
  readonly reason: string | undefined
  readonly location: string | undefined
  readonly message: string
  readonly headers: Headers | undefined
  readonly body: unknown
}

interface Response {
  readonly status: number
  readonly headers: Headers
  readonly data: unknown
}

const responseOf = (error: unknown): Response | undefined =>
  Predicate.hasProperty(error, "response") && Predicate.isObject(error.response)
    ? // The error is the client's own, and so is its response.
      (error.response as unknown as Response)
    : undefined

/** What a request is refused with; fails where it is not. */
export const refusal = (ask: () => Promise<unknown>): Effect.Effect<Refused> =>
  Effect.promise(async () => {
    let error: unknown
    try {
      await ask()
    } catch (cause) {
      error = cause
    }
    if (error === undefined) throw new Error("this was to be refused")
    const response = responseOf(error)
    const body = typeof response?.data === "string" ? parsed(response.data) : response?.data
    const problem = Schema.is(Problem)(body) ? body.error : undefined
    return {
      status: response?.status,
      reason: problem?.errors[0]?.reason,
      location: problem?.errors[0]?.location,
      message: problem?.message ?? (error instanceof Error ? error.message : String(error)),
      headers: response?.headers,
      body
    }
  })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** All files of a listing, over all of its pages. */
export const listed = (
  client: drive_v3.Drive,
  params: drive_v3.Params$Resource$Files$List = {}
): Effect.Effect<ReadonlyArray<drive_v3.Schema$File>> =>
  Effect.promise(async () => {
    const files: Array<drive_v3.Schema$File> = []
    let pageToken: string | undefined
    do {
      const { data } = await client.files.list({ ...params, ...(pageToken === undefined ? {} : { pageToken }) })
      files.push(...(data.files ?? []))
      pageToken = data.nextPageToken ?? undefined
    } while (pageToken !== undefined)
    return files
  })

/** The bytes of a file. */
export const read = (
  client: drive_v3.Drive,
  params: drive_v3.Params$Resource$Files$Get,
  headers: Readonly<Record<string, string>> = {}
) =>
  Effect.promise(async () => {
    const {
      data,
      headers: answered,
      status
    } = await client.files.get(
      { supportsAllDrives: true, ...params, alt: "media" },
      { responseType: "arraybuffer", headers: { ...headers } }
    )
    // Asked for as an array buffer, and with the headers of fetch, neither of which the client's types know.
    return { bytes: Buffer.from(data as unknown as ArrayBuffer), headers: answered as unknown as Headers, status }
  })
