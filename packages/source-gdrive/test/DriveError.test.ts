import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { classify, type Target, toSourceError } from "../src/DriveError.ts"

const listing: Target = { operation: "files.list" }
const changes: Target = { operation: "changes.list" }
const details: Target = { operation: "files.get", fileId: "f1" }
const reading: Target = { operation: "files.media", fileId: "f1" }
const exporting: Target = { operation: "files.export", fileId: "f1" }
const link: Target = { operation: "link", fileId: "f1" }
const root: Target = { operation: "files.get", fileId: "f1", root: true }
const drive: Target = { operation: "drives.get", driveId: "d1" }
const token: Target = { operation: "token" }

/** As Google's client throws it, without relying on its classes. */
const thrown = (status: number, data: unknown, headers: Record<string, string> = {}) =>
  Object.assign(new Error("said"), { status, response: { status, data, headers: new Headers(headers) } })

/** The older shape of Google's errors. */
const legacy = (status: number, reason: string, more: object = {}, message = "said") =>
  thrown(status, { error: { code: status, message, errors: [{ domain: "global", reason, message, ...more }] } })

/** The newer one. */
const modern = (status: number, reason: string, more: object = {}, message = "said") =>
  thrown(status, {
    error: {
      code: status,
      message,
      status: "PERMISSION_DENIED",
      details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com", ...more }]
    }
  })

describe("DriveError", () => {
  it.each([
    // limits
    [403, "rateLimitExceeded", listing, "Unavailable", "slow-down", "queriesPerMinute"],
    [403, "userRateLimitExceeded", reading, "Unavailable", "slow-down", "slow down"],
    [403, "sharingRateLimitExceeded", details, "Unavailable", "slow-down", "slow down"],
    [429, "rateLimitExceeded", listing, "Unavailable", "slow-down", "slow down"],
    [429, "tooManyRequests", listing, "Unavailable", "slow-down", "slow down"],
    [403, "dailyLimitExceeded", listing, "Misconfigured", "never", "midnight Pacific"],
    [403, "dailyLimitExceededUnreg", listing, "Unauthorized", "never", "`credentials`"],
    [403, "quotaExceeded", listing, "Misconfigured", "never", "quota"],
    // Google's own trouble
    [500, "backendError", listing, "Unavailable", "backoff", "run again later"],
    [500, "internalError", listing, "Unavailable", "backoff", "run again later"],
    [503, "transientError", reading, "Unavailable", "backoff", "transientError"],
    // the whole source
    [401, "authError", listing, "Unauthorized", "never", "access token"],
    [401, "authError", reading, "Unauthorized", "never", "access token"],
    [403, "insufficientPermissions", listing, "Unauthorized", "never", "auth/drive.readonly"],
    [403, "accessNotConfigured", listing, "Misconfigured", "never", "console.cloud.google.com"],
    [403, "domainPolicy", reading, "Unauthorized", "never", "Admin console"],
    [403, "appNotAuthorizedToFile", listing, "Unauthorized", "never", "auth/drive.readonly"],
    [403, "forbidden", listing, "Unauthorized", "never", "`credentials`"],
    [403, "insufficientFilePermissions", root, "Unauthorized", "never", "the folder f1"],
    [403, "teamDriveMembershipRequired", drive, "Unauthorized", "never", "the shared drive d1"],
    [403, "whoKnows", listing, "Misconfigured", "never", "whoKnows"],
    [404, "notFound", root, "Missing", "never", "the folder f1"],
    [404, "notFound", drive, "Missing", "never", "the shared drive d1"],
    [400, "invalidParameter", listing, "Misconfigured", "never", "`fields`"],
    // one file
    [404, "notFound", details, "Gone", "never", "file f1"],
    [404, "notFound", listing, "Gone", "never", "a folder"],
    [412, "conditionNotMet", reading, "Changed", "never", "no longer in the state"],
    [416, "requestedRangeNotSatisfiable", reading, "Changed", "never", "no longer in the state"],
    [403, "fileNotDownloadable", reading, "NoContent", "never", "no content"],
    [403, "fileNotExportable", exporting, "NoContent", "never", "export"]
  ] as const)("names %s %s", (status, reason, target, expected, retrying, said) => {
    const error = classify(legacy(status, reason, { location: "fields" }), target)
    assert.strictEqual(error.reason._tag, expected)
    assert.strictEqual(error.retrying, retrying)
    assert.include(error.message, said)
    assert.strictEqual(error.said, reason)
    assert.strictEqual(error.status, status)
  })

  it.each([
    ["insufficientFilePermissions", details, "no-permission"],
    ["insufficientParentPermissions", details, "no-permission"],
    ["teamDriveMembershipRequired", details, "no-permission"],
    ["userAccess", details, "no-permission"],
    ["forbidden", details, "no-permission"],
    ["appNotAuthorizedToFile", details, "no-permission"],
    ["downloadQuotaExceeded", reading, "download-quota"],
    ["quotaExceeded", reading, "download-quota"],
    ["cannotDownloadAbusiveFile", reading, "abusive"],
    ["cannotDownloadFile", reading, "cannot-download"],
    ["exportSizeLimitExceeded", exporting, "export-too-large"],
    ["whoKnows", reading, "refused"],
    ["badRequest", exporting, "refused"]
  ] as const)("costs one file, and not the run: %s", (reason, target, code) => {
    const error = classify(legacy(403, reason), target)
    assert.strictEqual(error.reason._tag, "Denied")
    assert.strictEqual(error.retrying, "never")
    assert.strictEqual(error.code, code)
    assert.include(error.message, "f1")
    assert.strictEqual(toSourceError("gdrive")(error).code, code)
  })

  it.each([
    ["ACCESS_TOKEN_SCOPE_INSUFFICIENT", {}, "Unauthorized", "auth/drive.readonly"],
    ["SERVICE_DISABLED", {}, "Misconfigured", "not enabled"],
    ["USER_PROJECT_DENIED", {}, "Misconfigured", "Service Usage Consumer"],
    ["CONSUMER_INVALID", {}, "Misconfigured", "quota project"],
    ["RATE_LIMIT_EXCEEDED", {}, "Unavailable", "slow down"],
    ["RATE_LIMIT_EXCEEDED", { metadata: { quota_unit: "1/d/{project}" } }, "Misconfigured", "for the day"],
    ["SOMETHING_NEW", {}, "Unauthorized", "access is denied"]
  ])("names %s, and what is so of a whole project", (reason, more, expected, said) => {
    const error = classify(modern(403, reason, more), listing)
    assert.strictEqual(error.reason._tag, expected)
    assert.include(error.message, said)
  })

  it("says that permissions are told to editors alone", () => {
    const error = classify(legacy(403, "insufficientFilePermissions"), { operation: "permissions.list", fileId: "f1" })
    assert.deepStrictEqual([error.reason._tag, error.code], ["Denied", "no-permission"])
    assert.include(error.message, "as an editor")
    assert.notInclude(error.message, "viewer")
  })

  it("says where to enable the API, in the project that Google names", () => {
    const at = "https://console.developers.google.com/apis/api/drive.googleapis.com/overview?project=123"
    const inWords = legacy(403, "accessNotConfigured", {}, `Enable it by visiting ${at} then retry.`)
    const inDetails = modern(403, "SERVICE_DISABLED", { metadata: { activationUrl: at } })
    const inHelp = legacy(403, "accessNotConfigured", { extendedHelp: at })
    for (const error of [inWords, inDetails, inHelp]) assert.include(classify(error, listing).message, at)
    const elsewhere = legacy(403, "accessNotConfigured", { extendedHelp: "https://console.evil.example/?project=1" })
    assert.notInclude(classify(elsewhere, listing).message, "evil")
  })

  it("says that a user's credentials need a project to count against", () => {
    const error = modern(403, "SERVICE_DISABLED", {}, "The API requires a quota project, which is not set by default.")
    assert.include(classify(error, listing).message, "set-quota-project")
  })

  it("tells a position in the changes that is too old from one in a listing", () => {
    const stale = legacy(400, "invalid", { location: "pageToken", locationType: "parameter" })
    assert.strictEqual(classify(stale, changes).reason._tag, "Expired")
    assert.strictEqual(classify(thrown(410, { error: { code: 410, message: "gone" } }), changes).reason._tag, "Expired")
    const error = classify(stale, listing)
    assert.strictEqual(error.code, "page-token-expired")
    assert.strictEqual(error.retrying, "never")
    assert.isFalse(toSourceError("gdrive")(error).stopsRun)
    assert.strictEqual(classify(legacy(400, "invalid", { location: "q" }), changes).reason._tag, "Misconfigured")
  })

  it("says that a document cannot be exported as that", () => {
    const error = classify(legacy(400, "badRequest", {}, "The requested conversion is not supported."), exporting)
    assert.strictEqual(error.reason._tag, "Denied")
    assert.strictEqual(error.code, "export-unsupported")
  })

  it("takes an address that no longer works for a file that has to be read again", () => {
    assert.strictEqual(classify(thrown(404, "<html>"), link).reason._tag, "Changed")
    assert.strictEqual(classify(thrown(410, ""), link).reason._tag, "Changed")
    assert.strictEqual(classify(thrown(403, "<html>"), link).reason._tag, "Denied")
    assert.strictEqual(classify(thrown(503, ""), link).retrying, "backoff")
  })

  it.each([
    [400, "invalid_grant", "Token has been expired or revoked.", "Unauthorized", "refresh token"],
    [400, "invalid_grant", "Invalid JWT Signature.", "Unauthorized", "key"],
    [
      400,
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe",
      "Unauthorized",
      "clock"
    ],
    [400, "invalid_grant", "Invalid email or User ID", "Unauthorized", "`impersonate`"],
    [400, "invalid_grant", "Invalid grant: account not found", "Unauthorized", "deleted"],
    [400, "invalid_grant", "reauth related error (invalid_rapt)", "Unauthorized", "sign in again"],
    [
      401,
      "unauthorized_client",
      "Client is unauthorized to retrieve access tokens",
      "Unauthorized",
      "Domain-wide delegation"
    ],
    [403, "access_denied", "Requested client not authorized.", "Unauthorized", "Domain-wide delegation"],
    [401, "invalid_client", "The OAuth client was not found.", "Unauthorized", "`clientId`"],
    [401, "deleted_client", "The OAuth client was deleted.", "Unauthorized", "`clientSecret`"],
    [400, "invalid_scope", "Some requested scopes were invalid", "Misconfigured", "`scopes`"],
    [400, "admin_policy_enforced", "", "Unauthorized", "administrator"],
    [400, "invalid_request", "Missing parameter", "Misconfigured", "`tokenEndpoint`"],
    [400, "something_else", "", "Unauthorized", "something_else"]
  ] as const)("says why there is no access token: %s %s, %s", (status, oauth, description, expected, said) => {
    const error = classify(thrown(status, { error: oauth, error_description: description }), token)
    assert.strictEqual(error.reason._tag, expected)
    assert.strictEqual(error.retrying, "never")
    assert.strictEqual(error.said, oauth)
    assert.include(error.message, said)
  })

  it.each([
    [
      "Could not load the default credentials. Browse to https://cloud.google.com/…",
      "Unauthorized",
      "GDRIVE_SERVICE_ACCOUNT_FILE"
    ],
    ["No key or keyFile set.", "Unauthorized", "no credentials were found"],
    [
      "Unable to read the credential file specified by the GOOGLE_APPLICATION_CREDENTIALS environment variable: The file at /x does not exist",
      "Unauthorized",
      "GOOGLE_APPLICATION_CREDENTIALS"
    ],
    ["PERMISSION_DENIED: unable to impersonate: Permission denied", "Unauthorized", "Token Creator"],
    ["No refresh token is set.", "Unauthorized", "no refresh token"],
    ["Could not refresh access token: metadata server", "Unauthorized", "machine's own service account"]
  ] as const)("understands google-auth-library: %s", (message, expected, said) => {
    const error = classify(new Error(message), token)
    assert.strictEqual(error.reason._tag, expected)
    assert.include(error.message, said)
  })

  it("tries a token endpoint again that is out of order, and says which address it is about", () => {
    for (const failed of [thrown(503, "<html>"), thrown(429, ""), thrown(500, { error: "internal_failure" })]) {
      assert.strictEqual(classify(failed, token).retrying, "backoff")
    }
    assert.include(classify(Object.assign(new Error(), { code: "ENOTFOUND" }), token).message, "`tokenEndpoint`")
    assert.include(classify(Object.assign(new Error(), { code: "ENOTFOUND" }), listing).message, "`endpoint`")
  })

  it.each([
    ["ECONNRESET", "Unavailable", "backoff"],
    ["ECONNREFUSED", "Unavailable", "backoff"],
    ["ETIMEDOUT", "Unavailable", "backoff"],
    ["TimeoutError", "Unavailable", "backoff"],
    ["EAI_AGAIN", "Unavailable", "backoff"],
    ["ERR_STREAM_PREMATURE_CLOSE", "Unavailable", "backoff"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "Misconfigured", "never"],
    ["CERT_HAS_EXPIRED", "Misconfigured", "never"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Misconfigured", "never"],
    ["EWHATEVER", "Misconfigured", "never"]
  ])("names the system's %s", (code, reason, retrying) => {
    const error = classify(Object.assign(new Error("said"), { code }), listing)
    assert.strictEqual(error.reason._tag, reason)
    assert.strictEqual(error.retrying, retrying)
    assert.strictEqual(error.said, code)
  })

  it.each([
    [502, "<html>Bad Gateway</html>", reading, "Unavailable", "502"],
    [200, "<html>Welcome</html>", listing, "Misconfigured", "not Google Drive's"],
    [302, "", listing, "Misconfigured", "somewhere else"],
    [403, "<html>Blocked</html>", reading, "Misconfigured", "not by Google"],
    [404, "<html>Not found</html>", reading, "Misconfigured", "not by Google"],
    [407, "who are you", listing, "Misconfigured", "proxy"],
    [408, "", listing, "Unavailable", "408"],
    [429, "", listing, "Unavailable", "slow down"],
    [401, "", listing, "Unauthorized", "access token"],
    [403, "<html>Your network may be sending automated queries</html>", reading, "Unavailable", "attack"]
  ] as const)("understands a %s of whoever stands in between", (status, body, target, reason, said) => {
    const error = classify(thrown(status, body), target)
    assert.strictEqual(error.reason._tag, reason)
    assert.include(error.message, said)
    assert.strictEqual(error.said, `HTTP ${status}`)
  })

  it("reads errors of downloads, which arrive as text", () => {
    const body = JSON.stringify({
      error: { code: 403, message: "said", errors: [{ reason: "cannotDownloadAbusiveFile" }] }
    })
    assert.strictEqual(classify(thrown(403, body), reading).code, "abusive")
    const asMessage = Object.assign(new Error(body), { response: { status: 403, data: undefined } })
    assert.strictEqual(classify(asMessage, reading).code, "abusive")
  })

  it("keeps Retry-After, in numbers and dates, and from headers of either kind", () => {
    const after = (value: string) => classify(thrown(429, "", { "Retry-After": value }), listing).retryAfter
    assert.strictEqual(after("7"), "7")
    assert.strictEqual(after("Fri, 31 Dec 1999 23:59:59 GMT"), "Fri, 31 Dec 1999 23:59:59 GMT")
    const others = [{ "retry-after": "7" }, { get: (name: string) => (name === "retry-after" ? "7" : null) }]
    for (const headers of others) {
      assert.strictEqual(classify({ response: { status: 429, data: "", headers } }, listing).retryAfter, "7")
    }
  })

  it("repeats Google's words without markup and without anything as long as a token", () => {
    const error = classify(
      legacy(400, "invalid", { location: "q" }, `<b>Invalid</b> ya29.${"x".repeat(100)} value`),
      listing
    )
    assert.include(error.message, "(invalid, `q`): Invalid … value")
  })

  it("understands whatever else is thrown", () => {
    const hostile = new Proxy(
      {},
      {
        has: () => true,
        get: () => {
          throw new Error("no")
        }
      }
    )
    for (const what of [undefined, null, "text", 7, {}, new Error(), hostile, { response: { data: null } }]) {
      assert.strictEqual(classify(what, listing).reason._tag, "Misconfigured")
    }
  })

  const places = Schema.Struct({
    status: Schema.Literals([200, 302, 400, 401, 403, 404, 410, 412, 429, 500, 503]),
    reason: Schema.Literals([
      "rateLimitExceeded",
      "accessNotConfigured",
      "invalid",
      "forbidden",
      "notFound",
      "whoKnows"
    ]),
    operation: Schema.Literals(["files.list", "files.media", "changes.list", "link", "token"]),
    shape: Schema.Literals(["legacy", "modern", "oauth", "text", "json text", "nothing"]),
    noise: Schema.Json
  })

  it.prop("tells no token and never throws, wherever the token stands", { places }, ({ places }) => {
    const { noise, operation, reason, shape, status } = places
    const secret = "ya29.a0AfB_byDsecretsecretsecretsecretsecretsecret-0123456789"
    const json = {
      error: {
        code: status,
        message: `Bearer ${secret}`,
        errors: [
          { reason, message: secret, location: secret, extendedHelp: `https://console.cloud.google.com/${secret}` }
        ],
        details: [
          { reason: secret, metadata: { activationUrl: `https://console.cloud.google.com/x?project=${secret}` } }
        ]
      },
      noise
    }
    const bodies = {
      legacy: json,
      modern: { error: { ...json.error, errors: noise, status: "PERMISSION_DENIED" } },
      oauth: { error: "invalid_grant", error_description: secret },
      text: `<html>authorization: Bearer ${secret}</html>`,
      "json text": JSON.stringify(json),
      nothing: undefined
    }
    const error = Object.assign(new Error(`failed with ${secret}`), {
      code: secret,
      config: { headers: { authorization: `Bearer ${secret}` } },
      response: { status, data: bodies[shape], headers: new Headers({ "retry-after": secret, authorization: secret }) }
    })
    const target: Target = { operation, fileId: "f1" }
    const classified = classify(error, target)
    const source = toSourceError("gdrive")(classified)
    const shown = [classified, source].map((each) => JSON.stringify(each) + String(each) + each.stack).join()
    assert.notInclude(shown, secret)
    assert.notInclude(shown, "secretsecret")
  })
})
