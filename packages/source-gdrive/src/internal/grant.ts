/**
 * Where access tokens come from: google-auth-library, of which nothing is used but its knowledge of how to ask. It is
 * loaded when it is needed, its own retries are off, and its requests go where ours go.
 */
import { Predicate, Redacted } from "effect"
import type * as Auth from "google-auth-library"
import { hash } from "node:crypto"
import type { Credentials } from "../Credentials.ts"
import type { ServiceAccountKey } from "./serviceAccountKey.ts"
import type { Sockets } from "./sockets.ts"

/** What authorizes a request. */
export interface Grant {
  /** `authorization`, and `x-goog-user-project` where there is one. */
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds from now; `undefined` where nobody says how long it lasts. */
  readonly lifetime: number | undefined
}

/** Asks for one. `anew`: the last one is not wanted any more, whatever is thought of it. */
export type Ask = (anew: boolean) => Promise<Grant>

/** What clients of google-auth-library have in common, in every version there is. */
export interface Authorizer {
  readonly getRequestHeaders: () => Promise<unknown>
  readonly credentials?: { readonly expiry_date?: number | null | undefined } | undefined
  readonly setCredentials?: ((credentials: object) => void) | undefined
}

/** The library keeps time by the system's clock, and says when a token ends, not how long it lasts. */
const remaining = (expires: number | null | undefined): number | undefined =>
  expires === null || expires === undefined ? undefined : expires - Date.now()

/** Asks a client of google-auth-library. */
export const asker =
  (find: () => Promise<Authorizer>): Ask =>
  async (anew) => {
    const client = await find()
    if (anew) client.setCredentials?.({ ...client.credentials, expiry_date: 1 })
    const headers = await client.getRequestHeaders()
    return {
      // `Headers`, or an object in older versions of the library.
      headers: Object.fromEntries(new Headers(headers instanceof Headers ? headers : Object(headers))),
      lifetime: remaining(client.credentials?.expiry_date)
    }
  }

/** The same of a client that somebody else made: `GoogleAuth` has one inside. */
export const askerOf = (auth: unknown): Ask | undefined => {
  const isAuthorizer = (value: unknown): value is Authorizer =>
    Predicate.hasProperty(value, "getRequestHeaders") && typeof value.getRequestHeaders === "function"
  if (!isAuthorizer(auth)) return undefined
  if (!Predicate.hasProperty(auth, "getClient") || typeof auth.getClient !== "function") {
    return asker(() => Promise.resolve(auth))
  }
  const { getClient } = auth
  return asker(async () => {
    const client: unknown = await getClient.call(auth)
    return isAuthorizer(client) ? client : auth
  })
}

/** Who asks, with the key that was read of a service account. */
export type Who =
  | Exclude<Credentials, { readonly _tag: "ServiceAccount" }>
  | { readonly _tag: "Key"; readonly key: ServiceAccountKey; readonly impersonate: string | undefined }

/** Whose requests Google counts together, without telling a secret. */
export const accountOf = (who: Who): string => {
  switch (who._tag) {
    case "ApplicationDefault":
      return "application-default"
    case "Key":
      return `${who.key.email} ${who.impersonate ?? ""}`
    case "OAuth":
      return hash("sha256", `${who.clientId} ${Redacted.value(who.refreshToken)}`, "hex")
  }
}

export interface Options {
  readonly scopes: ReadonlyArray<string>
  readonly tokenEndpoint: string | undefined
  readonly sockets: Sockets
  /** Milliseconds. */
  readonly timeout: number
}

/** Google's own, which the library does not let be configured: https://developers.google.com/identity/protocols/oauth2 */
const googlesTokenEndpoint = new URL("https://oauth2.googleapis.com/token")

const transporter = ({ gaxios }: typeof Auth, { sockets, timeout, tokenEndpoint }: Options): Auth.gaxios.Gaxios => {
  const made = new gaxios.Gaxios({ agent: sockets, timeout })
  made.interceptors.request.add({
    resolved: (request) => {
      request.retry = false
      delete request.retryConfig
      if (
        tokenEndpoint !== undefined &&
        request.url.origin === googlesTokenEndpoint.origin &&
        request.url.pathname === googlesTokenEndpoint.pathname
      ) {
        request.url = new URL(tokenEndpoint)
      }
      return Promise.resolve(request)
    }
  })
  return made
}

const open = async (who: Who, options: Options): Promise<Auth.AuthClient> => {
  const library = await import("google-auth-library")
  const scopes = [...options.scopes]
  const ours = transporter(library, options)
  switch (who._tag) {
    case "Key":
      return new library.JWT({
        email: who.key.email,
        key: Redacted.value(who.key.privateKey),
        ...(who.impersonate === undefined ? {} : { subject: who.impersonate }),
        scopes,
        transporter: ours
      })
    case "OAuth":
      return new library.UserRefreshClient({
        clientId: who.clientId,
        clientSecret: Redacted.value(who.clientSecret),
        refreshToken: Redacted.value(who.refreshToken),
        transporter: ours
      })
    case "ApplicationDefault": {
      const found = await new library.GoogleAuth({
        scopes,
        clientOptions: { transporter: ours },
        // Drive does not ask for the project, and to find it out gcloud would be run.
        projectId: "-"
      }).getClient()
      // Credentials that are made of others have these inside, with a transporter of their own.
      for (let client: unknown = found; client instanceof library.AuthClient; client = sourceOf(client)) {
        client.transporter = ours
      }
      return found
    }
  }
}

/** Asks on somebody's behalf. */
export const ask = (who: Who, options: Options): Ask => {
  let opened: Promise<Auth.AuthClient> | undefined
  return asker(() => {
    opened ??= open(who, options).catch((error: unknown) => {
      // Credentials may be there the next time.
      opened = undefined
      throw error
    })
    return opened
  })
}

const sourceOf = (client: Auth.AuthClient): unknown =>
  Predicate.hasProperty(client, "sourceClient") ? client.sourceClient : undefined
