import { HeadObjectCommand, ListObjectsV2Command, RestoreObjectCommand } from "@aws-sdk/client-s3"
import { S3StandIn } from "@sluice/testkit/s3"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { started } from "./standIn.ts"
import { clientOf, refusal } from "./target.ts"

const md5 = (bytes: Uint8Array | string, encoding: "hex" | "base64" = "hex") =>
  createHash("md5").update(bytes).digest(encoding)

const key = (index: number) => `${String(index).padStart(7, "0")} é.json`

it.effect("pretends a million keys, and finds each of them", () =>
  Effect.gen(function* () {
    const { client, get, list, s3 } = yield* started()
    yield* s3.pretend("b", { count: 1_000_000, key, size: (index) => index % 1000 })
    assert.deepStrictEqual(
      yield* list("b", "09999"),
      Array.from({ length: 100 }, (_, n) => key(999_900 + n)).slice(0, 100)
    )
    const page = yield* Effect.promise(() =>
      client.send(new ListObjectsV2Command({ Bucket: "b", StartAfter: key(499_999) }))
    )
    assert.deepStrictEqual(
      [page.KeyCount, page.Contents?.[0]?.Key, page.Contents?.[999]?.Size],
      [1000, key(500_000), 999]
    )
    const got = yield* get("b", key(123_456))
    assert.strictEqual(got.bytes.byteLength, 456)
    assert.strictEqual(got.ETag, (yield* get("b", key(123_456))).ETag)
    assert.notMatch(got.ETag ?? "", /^"[0-9a-f]{32}"$/)
  })
)

it.effect("pretends bytes that are the same whichever range they are read in", () =>
  Effect.gen(function* () {
    const { get, s3 } = yield* started()
    yield* s3.pretend("b", { count: 3, key, size: 300_000 })
    const { bytes } = yield* get("b", key(1))
    assert.strictEqual(bytes.byteLength, 300_000)
    for (const [from, to] of [
      [0, 0],
      [65_520, 65_522],
      [100_000, 299_999]
    ] as const) {
      const part = yield* get("b", key(1), { Range: `bytes=${from}-${to}` })
      assert.isTrue(part.bytes.equals(bytes.subarray(from, to + 1)))
    }
    assert.isFalse((yield* get("b", key(2))).bytes.equals(bytes))
    assert.strictEqual(yield* s3.sha256("b", key(1)), createHash("sha256").update(bytes).digest("hex"))
    yield* s3.put("b", key(1), "")
    assert.strictEqual(yield* s3.sha256("b", key(1)), createHash("sha256").digest("hex"))
    assert.isUndefined(yield* s3.sha256("b", "nothing"))
  })
)

it.effect("puts what is put over what is pretended, and hides what is deleted", () =>
  Effect.gen(function* () {
    const { get, getRefused, list, s3 } = yield* started()
    yield* s3.pretend("b", { count: 3, key, size: 10 })
    yield* s3.put("b", key(1), "mine")
    yield* s3.put("b", "0000001", "before it")
    yield* s3.remove("b", key(2))
    assert.deepStrictEqual(yield* list("b"), [key(0), "0000001", key(1)])
    assert.strictEqual((yield* get("b", key(1))).bytes.toString(), "mine")
    assert.strictEqual((yield* getRefused("b", key(2))).name, "NoSuchKey")
  })
)

it.effect("refuses to pretend keys that do not ascend", () =>
  Effect.gen(function* () {
    const { s3 } = yield* started()
    const error = yield* Effect.flip(s3.pretend("b", { count: 11, key: (index) => `${index}`, size: 1 }))
    assert.include(error.message, "number 10 ")
  })
)

it.effect("serves a folder from disk, by path or by another key", () =>
  Effect.gen(function* () {
    const { client, get, list, s3 } = yield* started()
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "sluice-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true }))
    )
    const big = randomBytes(200_000)
    yield* Effect.promise(async () => {
      await mkdir(join(folder, "in side"))
      await writeFile(join(folder, "in side", "big.pdf"), big)
      await writeFile(join(folder, "a.txt"), "text")
      await writeFile(join(folder, "empty.json"), "")
    })
    assert.strictEqual(yield* s3.serveFolder("plain", folder), 3)
    assert.deepStrictEqual(yield* list("plain"), ["a.txt", "empty.json", "in side/big.pdf"])
    const got = yield* get("plain", "in side/big.pdf")
    assert.isTrue(got.bytes.equals(big))
    assert.deepStrictEqual([got.ETag, got.ContentType], [`"${md5(big)}"`, "application/pdf"])
    const part = yield* get("plain", "in side/big.pdf", { Range: "bytes=199990-" })
    assert.isTrue(part.bytes.equals(big.subarray(199_990)))
    const page = yield* Effect.promise(() => client.send(new ListObjectsV2Command({ Bucket: "plain" })))
    assert.deepStrictEqual(
      page.Contents?.map((object) => object.ETag),
      [`"${md5("text")}"`, `"${md5("")}"`, `"${md5(big)}"`]
    )
    const keys = (path: string) => (path.endsWith(".pdf") ? undefined : `//odd/../${path}`)
    assert.strictEqual(yield* s3.serveFolder("odd", folder, { keys }), 2)
    assert.strictEqual((yield* get("odd", "//odd/../a.txt")).bytes.toString(), "text")
  })
)

it.effect("keeps archived objects from being read until they are restored", () =>
  Effect.gen(function* () {
    const { client, get, getRefused, s3 } = yield* started()
    const object = { Bucket: "b", Key: "old" }
    yield* s3.put("b", "old", "frozen", { storageClass: "DEEP_ARCHIVE" })
    assert.deepInclude(yield* getRefused("b", "old"), { name: "InvalidObjectState", status: 403 })
    const status = Effect.promise(async () => {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: "b", OptionalObjectAttributes: ["RestoreStatus"] })
      )
      const [listed] = page.Contents ?? []
      const { Restore } = await client.send(new HeadObjectCommand(object))
      return [listed?.StorageClass, listed?.RestoreStatus?.IsRestoreInProgress, Restore?.slice(0, 23)]
    })
    const restore = () => client.send(new RestoreObjectCommand({ ...object, RestoreRequest: { Days: 1 } }))
    assert.deepStrictEqual(yield* status, ["DEEP_ARCHIVE", undefined, undefined])
    assert.strictEqual((yield* Effect.promise(restore)).$metadata.httpStatusCode, 202)
    assert.deepStrictEqual(yield* status, ["DEEP_ARCHIVE", true, 'ongoing-request="true"'])
    assert.deepInclude(yield* refusal(restore), { name: "RestoreAlreadyInProgress", status: 409 })
    yield* s3.completeRestorations("b")
    assert.deepStrictEqual(yield* status, ["DEEP_ARCHIVE", false, 'ongoing-request="false"'])
    assert.strictEqual((yield* get("b", "old")).bytes.toString(), "frozen")
  })
)

it.effect("wants the requester of a requester-pays bucket to say that they pay", () =>
  Effect.gen(function* () {
    const { get, getRefused, listRefused, s3 } = yield* started()
    yield* s3.createBucket("b", { requesterPays: true })
    yield* s3.put("b", "a", "1")
    assert.strictEqual((yield* getRefused("b", "a")).status, 403)
    assert.strictEqual((yield* listRefused("b")).status, 403)
    const paid = yield* get("b", "a", { RequestPayer: "requester" })
    assert.deepStrictEqual([paid.bytes.toString(), paid.RequestCharged], ["1", "requester"])
  })
)

it.effect("gives what is encrypted with a customer's key to nobody without it", () =>
  Effect.gen(function* () {
    const { get, getRefused, s3 } = yield* started()
    const customerKey = randomBytes(32)
    const withKey = (bytes: Buffer) => ({
      SSECustomerAlgorithm: "AES256",
      SSECustomerKey: bytes.toString("base64"),
      SSECustomerKeyMD5: md5(bytes, "base64")
    })
    const { etag } = yield* s3.put("b", "a", "sealed", { customerKey })
    assert.notStrictEqual(etag, md5("sealed"))
    assert.deepInclude(yield* getRefused("b", "a"), { name: "InvalidRequest", status: 400 })
    assert.strictEqual((yield* getRefused("b", "a", withKey(randomBytes(32)))).status, 403)
    assert.strictEqual((yield* get("b", "a", withKey(customerKey))).bytes.toString(), "sealed")
  })
)

it.effect("sends a request for another region on, or says that it was signed for the wrong one", () =>
  Effect.gen(function* () {
    for (const [wrongRegion, name, status] of [
      ["redirect", "PermanentRedirect", 301],
      ["malformed", "AuthorizationHeaderMalformed", 400]
    ] as const) {
      const { getRefused, list, listRefused, s3 } = yield* started({ wrongRegion })
      yield* s3.createBucket("far", { region: "eu-central-1" })
      yield* s3.put("far", "a", "1")
      assert.deepInclude(yield* listRefused("far"), { name, status })
      assert.deepInclude(yield* getRefused("far", "a"), { name, status })
      const answer = yield* Effect.promise(() =>
        fetch(`${s3.url}/far`, {
          method: "HEAD",
          headers: {
            authorization:
              "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
            date: "Thu, 01 Jan 2026 00:00:00 GMT"
          }
        })
      )
      assert.strictEqual(answer.headers.get("x-amz-bucket-region"), "eu-central-1")
      const near = yield* clientOf({ ...s3, endpoint: s3.url, region: "eu-central-1" })
      const page = yield* Effect.promise(() => near.send(new ListObjectsV2Command({ Bucket: "far" })))
      assert.strictEqual(page.KeyCount, 1)
      yield* s3.createBucket("here")
      assert.deepStrictEqual(yield* list("here"), [])
    }
  })
)

it.effect("knows credentials of a session: their token, and when they expire", () =>
  Effect.gen(function* () {
    const { s3 } = yield* started()
    yield* s3.put("b", "a", "1")
    const secretAccessKey = Redacted.make("session secret")
    const sessionToken = Redacted.make("the token")
    yield* s3.credentials.add({ accessKeyId: "ASIASESSION", secretAccessKey, sessionToken })
    const as = (token: string) =>
      Effect.gen(function* () {
        const credentials = { accessKeyId: "ASIASESSION", secretAccessKey: "session secret", sessionToken: token }
        const client = yield* clientOf({ ...s3, endpoint: s3.url }, { credentials })
        return () => client.send(new ListObjectsV2Command({ Bucket: "b" }))
      })
    const good = yield* as("the token")
    assert.strictEqual((yield* Effect.promise(good)).KeyCount, 1)
    assert.strictEqual((yield* refusal(yield* as("another"))).name, "InvalidToken")
    yield* s3.credentials.expire("ASIASESSION")
    assert.strictEqual((yield* refusal(good)).name, "ExpiredToken")
    yield* s3.credentials.revoke("ASIASESSION")
    assert.strictEqual((yield* refusal(good)).name, "InvalidAccessKeyId")
  })
)

it.effect("shows clients a clock that is off", () =>
  Effect.gen(function* () {
    const { list, listRefused, s3 } = yield* started()
    yield* s3.put("b", "a", "1")
    yield* s3.shiftClock(3_600_000)
    assert.strictEqual((yield* listRefused("b")).name, "RequestTimeTooSkewed")
    // The SDK has learnt the difference from the Date header.
    assert.deepStrictEqual(yield* list("b"), ["a"])
  })
)

it.effect("logs what it was asked, and counts it by operation", () =>
  Effect.gen(function* () {
    const { get, getRefused, list, s3 } = yield* started({ logCapacity: 3 })
    yield* s3.put("b", "a", "1")
    yield* list("b", "x")
    yield* get("b", "a")
    yield* getRefused("b", "absent")
    yield* get("b", "a")
    const entries = yield* s3.requests
    assert.deepStrictEqual(
      entries.map(({ error, key: name, operation, status }) => [operation, name, status, error]),
      [
        ["GetObject", "a", 200, undefined],
        ["GetObject", "absent", 404, "NoSuchKey"],
        ["GetObject", "a", 200, undefined]
      ]
    )
    assert.deepStrictEqual(yield* s3.requestsByOperation, { ListObjectsV2: 1, GetObject: 3 })
  })
)

it.effect("lets anybody read a public bucket, and says so to nobody else", () =>
  Effect.gen(function* () {
    const { s3 } = yield* started()
    yield* s3.createBucket("open", { public: true })
    yield* s3.put("open", "a", "1")
    yield* s3.put("shut", "a", "1")
    const status = (path: string) => Effect.promise(async () => (await fetch(`${s3.url}/${path}`)).status)
    assert.deepStrictEqual([yield* status("open/a"), yield* status("open"), yield* status("shut/a")], [200, 200, 403])
  })
)

it.effect("stops answering when its scope is closed, with connections still open", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const s3 = yield* Scope.provide(S3StandIn.make(), scope)
    yield* Effect.promise(() => fetch(s3.url).then((response) => response.text()))
    yield* Scope.close(scope, Exit.void)
    const answer = yield* Effect.promise(() =>
      fetch(s3.url).then(
        () => "answered",
        () => "refused"
      )
    )
    assert.strictEqual(answer, "refused")
  })
)

it.effect("lists a directory bucket in no order, page by page, within a session", () =>
  Effect.gen(function* () {
    const { client, listRefused, s3 } = yield* started()
    const Bucket = "fast--use1-az4--x-s3"
    const keys = Array.from({ length: 30 }, (_, index) => `in/${String(index).padStart(2, "0")}`)
    for (const name of keys) yield* s3.put(Bucket, name, name)
    const listed = yield* Effect.promise(async () => {
      const found: Array<string | undefined> = []
      let ContinuationToken: string | undefined
      do {
        const from = ContinuationToken === undefined ? {} : { ContinuationToken }
        const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "in/", MaxKeys: 7, ...from }))
        found.push(...(page.Contents ?? []).map((object) => object.Key))
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      return found
    })
    assert.sameMembers(listed, keys)
    assert.notDeepEqual(listed, keys)
    assert.strictEqual((yield* listRefused(Bucket, "in")).status, 400)
    assert.strictEqual((yield* s3.requestsByOperation).CreateSession, 1)
  })
)
