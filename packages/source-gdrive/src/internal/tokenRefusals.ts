/**
 * Why there is no access token: by OAuth's errors (RFC 6749 5.2), as Google's token endpoint uses them, and by what
 * google-auth-library says of credentials it cannot find or read.
 *
 * https://developers.google.com/identity/protocols/oauth2/service-account#error-codes
 */
import { quote, type Said } from "./thrown.ts"
import { misconfigured, unauthorized, unavailable, type Verdict } from "./verdict.ts"

const delegation =
  "in the Admin console, under Security > Access and data control > API controls > Domain-wide delegation, add the service account's client id with exactly these `scopes`"

/** `invalid_grant` is said of four things; the description tells them apart. */
const invalidGrant = (text: string): Verdict => {
  if (/email|user id|account not found|not a valid/i.test(text)) {
    return unauthorized(
      "there is no such account (invalid_grant): check `impersonate`, and that the service account was not deleted"
    )
  }
  if (/signature/i.test(text)) {
    return unauthorized("the service account's key is not valid any more (invalid_grant): create a new one")
  }
  if (/timeframe|short-lived|iat|exp\b/i.test(text)) {
    return unauthorized(
      "Google does not accept the time in the request for a token (invalid_grant): set this machine's clock (NTP) and run again"
    )
  }
  if (/rapt|reauth/i.test(text)) {
    return unauthorized(
      "the domain asks its users to sign in again from time to time (invalid_rapt): sign in again, or use a service account, which never has to"
    )
  }
  return unauthorized(
    "the refresh token has expired or was revoked (invalid_grant): sign in again for a new one; those of an app in testing expire after 7 days; or this machine's clock is wrong"
  )
}

const byOAuth = (error: string, text: string): Verdict | undefined => {
  switch (error) {
    case "invalid_grant":
      return invalidGrant(text)
    case "unauthorized_client":
      return unauthorized(
        `this client may not ask for this token (unauthorized_client): for \`impersonate\`, ${delegation}; a refresh token goes with the client id that it was made for`
      )
    case "access_denied":
      return unauthorized(`the domain does not allow it (access_denied): ${delegation}`)
    case "admin_policy_enforced":
    case "org_internal":
      return unauthorized(
        `the domain's administrator does not allow this app (${error}): have it allowed in the Admin console, under Security > API controls`
      )
    case "invalid_client":
    case "deleted_client":
      return unauthorized(
        `Google does not know this OAuth client (${error}): check \`clientId\` and \`clientSecret\` in its console, under APIs & Services > Credentials`
      )
    case "invalid_scope":
      return misconfigured(
        `Google does not give these \`scopes\` (invalid_scope): check how they are spelt; for \`impersonate\`, ${delegation}`
      )
    case "invalid_request":
    case "unsupported_grant_type":
    case "invalid_target":
      return misconfigured(
        `the request for a token is refused (${error}): check \`credentials\` and \`tokenEndpoint\`${text === "" ? "" : `: ${quote(text)}`}`
      )
    case "internal_failure":
    case "server_error":
    case "temporarily_unavailable":
    case "rate_limit_exceeded":
      return unavailable(`Google gives no access token now (${error}), also after several attempts: run again later`)
    default:
      return undefined
  }
}

/** What google-auth-library throws by itself has neither status nor code. */
const byWords = (text: string): Verdict | undefined => {
  if (text.includes("Could not load the default credentials") || text.includes("No key or keyFile set")) {
    return unauthorized(
      "no credentials were found: set `credentials`, GDRIVE_SERVICE_ACCOUNT_FILE, GDRIVE_CLIENT_ID with GDRIVE_CLIENT_SECRET and GDRIVE_REFRESH_TOKEN, or what Google's libraries look for (GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, the machine's own service account)"
    )
  }
  if (text.includes("GOOGLE_APPLICATION_CREDENTIALS") || text.includes("The incoming JSON object does not")) {
    return unauthorized(
      "the file of application default credentials cannot be used: check that GOOGLE_APPLICATION_CREDENTIALS names a readable file of credentials that Google made"
    )
  }
  if (text.includes("unable to impersonate")) {
    return unauthorized(
      "these credentials may not act as the service account they name: give them the role Service Account Token Creator on it, and enable the IAM Service Account Credentials API"
    )
  }
  if (/No (access, )?refresh token/.test(text)) {
    return unauthorized("the access token has expired, and there is no refresh token to get a new one with")
  }
  if (/metadata|Compute Engine/i.test(text)) {
    return unauthorized(
      "the machine's own service account gives no access token: check that it has one, with `scopes` among its access scopes, or set `credentials`"
    )
  }
  return undefined
}

/** Why there is no access token; `undefined` where it is no matter of credentials. */
export const ofToken = ({ oauth, reasons, status, text }: Said): Verdict | undefined => {
  const found = (oauth === undefined ? undefined : byOAuth(oauth, text)) ?? byWords(text)
  if (found !== undefined) return found
  if (status === 429) return unavailable("Google gives no more access tokens now (429): run again later")
  if (status === undefined || status >= 500 || status === 407 || status === 408) return undefined
  return unauthorized(
    `Google gives no access token (${oauth ?? reasons[0] ?? status}): check \`credentials\` and \`tokenEndpoint\`${text === "" ? "" : `: ${quote(text)}`}`
  )
}
