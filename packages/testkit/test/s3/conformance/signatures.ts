/** Who may: signatures in headers and in presigned addresses. */
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3ClientConfig } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ask, clientOf, freshBucket, refusal, Target } from "../target.ts"
import type { Abilities, Suite } from "./abilities.ts"
import { put } from "./keys.ts"

const HOUR = 3_600_000

const listAs = (Bucket: string, config: S3ClientConfig) =>
  Effect.gen(function* () {
    const { address } = yield* Target
    const client = yield* clientOf(address, config)
    return yield* refusal(() => client.send(new ListObjectsV2Command({ Bucket })))
  })

const fetched = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url)
    return { status: response.status, text: await response.text(), headers: response.headers }
  })

export const signatures = (it: Suite, abilities: Abilities): void => {
  it.effect("refuses a wrong secret, an unknown key, nobody, and a clock that is far off", () =>
    Effect.gen(function* () {
      const { address } = yield* Target
      const Bucket = yield* freshBucket
      const accessKeyId = address.accessKeyId
      const secretAccessKey = Redacted.value(address.secretAccessKey)
      const wrong = yield* listAs(Bucket, { credentials: { accessKeyId, secretAccessKey: `${secretAccessKey}x` } })
      assert.deepInclude(wrong, { name: "SignatureDoesNotMatch", status: 403 })
      const unknown = yield* listAs(Bucket, { credentials: { accessKeyId: "AKIANOBODY", secretAccessKey } })
      assert.deepInclude(unknown, { name: "InvalidAccessKeyId", status: 403 })
      const skewed = yield* listAs(Bucket, { systemClockOffset: -HOUR })
      assert.deepInclude(skewed, { name: "RequestTimeTooSkewed", status: 403 })
      const nobody = yield* fetched(`${address.endpoint}/${Bucket}?list-type=2`)
      assert.strictEqual(nobody.status, 403)
      assert.include(nobody.text, "<Code>AccessDenied</Code>")
    })
  )

  it.effect("refuses a body that is not the one that was signed", () =>
    Effect.gen(function* () {
      const { address } = yield* Target
      const Bucket = yield* freshBucket
      const client = yield* clientOf(address, { requestChecksumCalculation: "WHEN_REQUIRED" })
      client.middlewareStack.addRelativeTo(
        <Input extends { request?: unknown }, Output>(next: (args: Input) => Promise<Output>) =>
          (args: Input) => {
            Object.assign(args.request ?? {}, { body: "another" })
            return next(args)
          },
        { relation: "after", toMiddleware: "httpSigningMiddleware", name: "tamper" }
      )
      const refused = yield* refusal(() => client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "thebody" })))
      assert.deepInclude(refused, { name: "XAmzContentSHA256Mismatch", status: 400 })
    })
  )

  it.effect("lets anybody read by a presigned address, as it was signed", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      const Key = "a b/ü+%?.txt"
      yield* ask((s3) => put(s3, Bucket, Key, "secret"))
      const presigned = yield* Effect.promise(() =>
        getSignedUrl(
          client,
          new GetObjectCommand({ Bucket, Key, ResponseContentDisposition: 'attachment; filename="x.txt"' }),
          { expiresIn: 60 }
        )
      )
      const good = yield* fetched(presigned)
      assert.deepStrictEqual([good.status, good.text], [200, "secret"])
      assert.strictEqual(good.headers.get("content-disposition"), 'attachment; filename="x.txt"')
      const tampered = yield* fetched(presigned.replace("x.txt", "y.txt"))
      assert.strictEqual(tampered.status, 403)
      assert.include(tampered.text, "<Code>SignatureDoesNotMatch</Code>")
      const longer = yield* fetched(presigned.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))
      assert.strictEqual(longer.status, 403)
    })
  )

  it.effect("refuses a presigned address that has expired", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      yield* ask((s3) => put(s3, Bucket, "a"))
      const signingDate = new Date(Date.now() - HOUR)
      const presigned = yield* Effect.promise(() =>
        getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "a" }), { expiresIn: 60, signingDate })
      )
      const late = yield* fetched(presigned)
      assert.strictEqual(late.status, 403)
      assert.include(late.text, "<Code>AccessDenied</Code>")
      if (abilities.namesExpiry) assert.include(late.text, "Request has expired")
    })
  )
}
