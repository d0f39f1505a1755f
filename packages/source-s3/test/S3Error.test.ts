import { assert, describe, it } from "@effect/vitest"
import { classify, permission, type Target } from "../src/S3Error.ts"

const listing: Target = { operation: "ListObjectsV2", bucket: "acme" }
const reading: Target = { operation: "GetObject", bucket: "acme", key: "a/b.pdf" }

/** As the SDK throws it, without relying on its classes. */
const thrown = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error("said"), { name, $metadata: { httpStatusCode: status, requestId: "R1" }, ...more })

describe("S3Error", () => {
  it.each([
    ["NoSuchBucket", 404, listing, "Missing", "`bucket`"],
    ["NoSuchBucket", 404, reading, "Missing", "`bucket`"],
    ["NoSuchKey", 404, reading, "Gone", "a/b.pdf"],
    ["NotFound", 404, reading, "Gone", "a/b.pdf"],
    ["NotFound", 404, listing, "Missing", "`bucket`"],
    ["AccessDenied", 403, listing, "Unauthorized", "s3:ListBucket on arn:aws:s3:::acme"],
    ["AccessDenied", 403, reading, "Denied", "s3:GetObject on arn:aws:s3:::acme/*"],
    ["403", 403, reading, "Denied", "s3:GetObject"],
    ["InvalidAccessKeyId", 403, reading, "Unauthorized", "`accessKeyId`"],
    ["SignatureDoesNotMatch", 403, listing, "Unauthorized", "`secretAccessKey`"],
    ["ExpiredToken", 400, reading, "Unauthorized", "expired"],
    ["InvalidToken", 400, reading, "Unauthorized", "`sessionToken`"],
    ["RequestTimeTooSkewed", 403, reading, "Unauthorized", "clock"],
    ["CredentialsProviderError", undefined, listing, "Unauthorized", "S3_ACCESS_KEY_ID"],
    ["InvalidObjectState", 403, reading, "Denied", "archived"],
    ["PreconditionFailed", 412, reading, "Changed", "no longer in the state"],
    ["InvalidRange", 416, reading, "Changed", "no longer in the state"],
    ["SlowDown", 503, reading, "Unavailable", "slow down"],
    ["InternalError", 500, reading, "Unavailable", "run again later"],
    ["TimeoutError", undefined, reading, "Unavailable", "no answer in time"],
    ["PermanentRedirect", 301, listing, "Misconfigured", "`region`"],
    ["InvalidBucketName", 400, listing, "Misconfigured", "`bucket`"],
    ["NotImplemented", 501, listing, "Misconfigured", "does not know ListObjectsV2"],
    ["Whatever", 418, listing, "Misconfigured", "said"]
  ] as const)("names %s (%s)", (name, status, target, reason, said) => {
    const error = classify(thrown(name, status), target)
    assert.strictEqual(error.reason._tag, reason)
    assert.include(error.message, said)
  })

  it.each([
    ["ECONNRESET", "Unavailable"],
    ["ECONNREFUSED", "Unavailable"],
    ["ENOTFOUND", "Unavailable"],
    ["EAI_AGAIN", "Unavailable"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "Misconfigured"],
    ["CERT_HAS_EXPIRED", "Misconfigured"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Misconfigured"]
  ])("names the system's %s", (code, reason) => {
    assert.strictEqual(classify(Object.assign(new Error("said"), { code }), listing).reason._tag, reason)
  })

  it("tries again what may pass, and slows down where it is asked to", () => {
    const retrying = (name: string, status?: number) => classify(thrown(name, status), reading).retrying
    assert.strictEqual(retrying("SlowDown", 503), "slow-down")
    assert.strictEqual(retrying("TooManyRequests", 429), "slow-down")
    assert.strictEqual(retrying("InternalError", 500), "backoff")
    assert.strictEqual(retrying("x", 504), "backoff")
    assert.strictEqual(retrying("AccessDenied", 403), "never")
    assert.strictEqual(retrying("PreconditionFailed", 412), "never")
  })

  it("reads the region, the request id and Retry-After from the answer", () => {
    const error = classify(
      thrown("PermanentRedirect", 301, {
        $response: { headers: { "x-amz-bucket-region": "eu-west-1", "retry-after": "7" } }
      }),
      listing
    )
    assert.strictEqual(error.region, "eu-west-1")
    assert.strictEqual(error.retryAfter, "7")
    assert.strictEqual(error.requestId, "R1")
    assert.include(error.message, "set `region` to eu-west-1")
  })

  it("keeps nothing of the SDK's error that could hold a secret", () => {
    const error = classify(
      thrown("InvalidToken", 400, {
        "Token-0": "secret-token",
        CanonicalRequest: "x-amz-security-token:secret-token",
        $response: { headers: { authorization: "secret-token" } }
      }),
      listing
    )
    assert.notInclude(JSON.stringify(error) + String(error) + error.stack, "secret-token")
  })

  it("understands whatever else is thrown", () => {
    for (const what of [undefined, null, "text", 7, {}, new Error()]) {
      assert.strictEqual(classify(what, listing).reason._tag, "Misconfigured")
    }
  })

  it("names the permission for a version, and a key that KMS keeps", () => {
    assert.strictEqual(permission({ ...reading, versionId: "v" }), "s3:GetObjectVersion on arn:aws:s3:::acme/*")
    assert.strictEqual(
      permission({ operation: "ListObjectVersions", bucket: "acme" }),
      "s3:ListBucketVersions on arn:aws:s3:::acme"
    )
    const kms = Object.assign(thrown("AccessDenied", 403), { message: "not authorized to perform: kms:Decrypt" })
    assert.include(classify(kms, reading).message, "kms:Decrypt")
  })
})
