/**
 * The examples of AWS's own documentation, sent as they are printed there.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, sigv4-query-string-auth.html,
 * sigv4-streaming.html and sigv4-streaming-trailers.html
 */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { request } from "node:http"
import { presign } from "../../src/s3/internal/signature.ts"
import { started } from "./standIn.ts"

const scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
const host = "examplebucket.s3.amazonaws.com"

const documented = Effect.gen(function* () {
  const stand = yield* started({ now: () => Date.UTC(2013, 4, 24, 0, 1) })
  yield* stand.s3.credentials.add({
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
  })
  const send = (method: string, path: string, headers: Readonly<Record<string, string>>, body = "") =>
    Effect.promise(
      () =>
        new Promise<string>((done, failed) => {
          const sent = request(`${stand.s3.url}${path}`, { method, headers, agent: false }, (response) => {
            const pieces: Array<Buffer> = []
            response.on("data", (piece: Buffer) => pieces.push(piece))
            response.on("end", () => {
              const code = /<Code>(\w+)/.exec(Buffer.concat(pieces).toString())?.[1] ?? ""
              done(`${response.statusCode} ${code}`.trim())
            })
          })
          sent.on("error", failed)
          sent.end(body)
        })
    )
  return { ...stand, send }
})

const authorization = (signedHeaders: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`

const dated = { "x-amz-date": "20130524T000000Z" }

// The examples name their bucket in the host, so here the first part of the path is taken for a bucket: what is answered
// to a good signature is that there is none of that name.
it.effect("accepts the documented signatures in headers", () =>
  Effect.gen(function* () {
    const { send } = yield* documented
    const plain = { host, ...dated, "x-amz-content-sha256": empty }
    const simple = "host;x-amz-content-sha256;x-amz-date"
    const get = (signature: string) => ({
      ...plain,
      range: "bytes=0-9",
      authorization: authorization("host;range;x-amz-content-sha256;x-amz-date", signature)
    })
    const good = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert.strictEqual(yield* send("GET", "/test.txt", get(good)), "404 NoSuchBucket")
    assert.strictEqual(yield* send("GET", "/test.txt", get(good.replace("f", "0"))), "403 SignatureDoesNotMatch")
    const put = {
      host,
      ...dated,
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      authorization: authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
      )
    }
    assert.strictEqual(yield* send("PUT", "/test%24file.text", put, "Welcome to Amazon S3."), "400 InvalidBucketName")
    assert.strictEqual(yield* send("PUT", "/test%24file.text", put, "Another"), "400 XAmzContentSHA256Mismatch")
    const list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    assert.strictEqual(
      yield* send("GET", "/?max-keys=2&prefix=J", { ...plain, authorization: authorization(simple, list) }),
      "200"
    )
  })
)

it.effect("accepts the documented presigned address, until it expires", () =>
  Effect.gen(function* () {
    const { s3, send } = yield* documented
    const presigned = `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`
    assert.strictEqual(yield* send("GET", presigned, { host }), "404 NoSuchBucket")
    assert.strictEqual(yield* send("GET", presigned, { host: "another" }), "403 SignatureDoesNotMatch")
    yield* s3.shiftClock(86_400_000)
    assert.strictEqual(yield* send("GET", presigned, { host }), "403 AccessDenied")
  })
)

const chunked = {
  host: "s3.amazonaws.com",
  ...dated,
  "content-encoding": "aws-chunked",
  "x-amz-decoded-content-length": "66560",
  "x-amz-storage-class": "REDUCED_REDUNDANCY"
}

const md5 = createHash("md5").update("a".repeat(66_560)).digest("hex")

const chunk = (size: number, signature: string) =>
  `${size.toString(16)};chunk-signature=${signature}\r\n${"a".repeat(size)}${size === 0 ? "" : "\r\n"}`

it.effect("accepts the documented body in signed chunks, and no other byte in it", () =>
  Effect.gen(function* () {
    const { s3, send } = yield* documented
    yield* s3.createBucket("examplebucket")
    const headers = {
      ...chunked,
      "content-length": "66824",
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      authorization: authorization(
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
      )
    }
    const body = [
      chunk(65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
      chunk(1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
      chunk(0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
      "\r\n"
    ].join("")
    const path = "/examplebucket/chunkObject.txt"
    assert.strictEqual(yield* send("PUT", path, headers, body.replace("aaaa", "aaba")), "403 SignatureDoesNotMatch")
    assert.strictEqual(yield* send("PUT", path, headers, body), "200")
    assert.strictEqual(yield* s3.etag("examplebucket", "chunkObject.txt"), md5)
  })
)

it.effect("accepts the documented trailer with its signature, and none that was tampered with", () =>
  Effect.gen(function* () {
    const { s3, send } = yield* documented
    yield* s3.createBucket("examplebucket")
    const headers = {
      ...chunked,
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "x-amz-trailer": "x-amz-checksum-crc32c",
      authorization: authorization(
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
      )
    }
    const body = [
      chunk(65_536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
      chunk(1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
      chunk(0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
      "x-amz-checksum-crc32c:sOO8/Q==\r\n",
      "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    ].join("")
    const path = "/examplebucket/chunkObject.txt"
    assert.strictEqual(yield* send("PUT", path, headers, body.replace("sOO8", "sOO9")), "403 SignatureDoesNotMatch")
    assert.strictEqual(yield* send("PUT", path, headers, body), "200")
    assert.strictEqual(yield* s3.etag("examplebucket", "chunkObject.txt"), md5)
  })
)

it("presigns an address as it is documented", () => {
  const url = presign({
    method: "GET",
    origin: "https://examplebucket.s3.amazonaws.com",
    path: "/test.txt",
    headers: {},
    credential: {
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    },
    region: "us-east-1",
    now: Date.UTC(2013, 4, 24),
    expires: 86_400
  })
  const signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
  assert.strictEqual(new URL(url).searchParams.get("X-Amz-Signature"), signature)
})
