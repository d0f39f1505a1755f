/**
 * Who asks.
 */
import { Data, type Redacted } from "effect"

/**
 * - `ApplicationDefault`: what Google's libraries find by themselves: `GOOGLE_APPLICATION_CREDENTIALS`, what `gcloud auth
 *   application-default login` left, the service account of the machine, workload identity.
 * - `ServiceAccount`: a service account's key. It sees what is shared with its address; with `impersonate`, what that
 *   user of a Workspace domain sees (domain-wide delegation).
 * - `OAuth`: a user who has consented. The access token is renewed for as long as the refresh token is good.
 */
export type Credentials = Data.TaggedEnum<{
  ApplicationDefault: {}
  ServiceAccount: {
    /** The JSON file that Google's console gives, by path or by content. */
    readonly key: { readonly file: string } | { readonly json: Redacted.Redacted }
    /** `ada@example.com`: on whose behalf. An administrator has to grant `scopes` to the service account's client id. */
    readonly impersonate?: string | undefined
  }
  OAuth: {
    readonly clientId: string
    readonly clientSecret: Redacted.Redacted
    readonly refreshToken: Redacted.Redacted
  }
}>

export const { ApplicationDefault, ServiceAccount, OAuth, $is: is, $match: match } = Data.taggedEnum<Credentials>()
