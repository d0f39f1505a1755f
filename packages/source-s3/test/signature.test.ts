import { assert, describe, it } from "@effect/vitest"
import { signed } from "../src/internal/signature.ts"

const identity = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}
const scope = { region: "us-east-1", service: "s3" }
const host = "examplebucket.s3.amazonaws.com"
const at = Date.parse("2013-05-24T00:00:00Z")

describe("signature", () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  it.each([
    ["GET Bucket Lifecycle", [["lifecycle", ""]], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
    [
      "List Objects",
      [
        ["prefix", "J"],
        ["max-keys", "2"]
      ],
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    ]
  ] as const)("is that of AWS's example: %s", (_, query, expected) => {
    const { headers } = signed({ host, path: "/", query }, {}, identity, scope, at)
    assert.strictEqual(
      headers["authorization"],
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${expected}`
    )
  })

  it("covers x-amz headers, and leaves the others to whoever is in between", () => {
    const { headers } = signed(
      { host, path: "/k", query: [] },
      { range: "bytes=0-", "x-amz-request-payer": "requester" },
      { ...identity, sessionToken: "t" },
      scope,
      at
    )
    assert.include(
      headers["authorization"],
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-request-payer;x-amz-security-token,"
    )
    assert.deepInclude(headers, { range: "bytes=0-", "x-amz-security-token": "t" })
  })

  it("is left out where nobody signs", () => {
    assert.deepStrictEqual(signed({ host, path: "/k", query: [["a b", "/"]] }, {}, undefined, scope, at), {
      target: "/k?a%20b=%2F",
      headers: { host }
    })
  })
})
