import { assert, describe, it } from "@effect/vitest"
import { S3StandIn } from "@sluice/testkit/s3"
import { Duration, Effect, Redacted, Schedule } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Credentials, S3 } from "../src/index.ts"
import { keys, reach } from "./bench.ts"

/** An STS that gives one session after the other, each for `seconds`, and makes it valid at the stand-in. */
const sts = (s3: S3StandIn.S3StandIn, seconds: number) =>
  Effect.gen(function* () {
    const asked: Array<URLSearchParams> = []
    const context = yield* Effect.context()
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => (body += chunk))
      request.on("end", () => {
        asked.push(new URLSearchParams(body))
        const n = asked.length
        const expiresAt = Date.now() + seconds * 1000
        const accessKeyId = `ASIASESSION${n}`
        Effect.runSyncWith(context)(
          s3.credentials.add({
            accessKeyId,
            secretAccessKey: Redacted.make(`secret-${n}`),
            sessionToken: Redacted.make(`token-${n}`)
          })
        )
        response.end(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
          <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/sluice/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>
          <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>secret-${n}</SecretAccessKey>
          <SessionToken>token-${n}</SessionToken><Expiration>${new Date(expiresAt).toISOString()}</Expiration></Credentials>
          </AssumeRoleResult></AssumeRoleResponse>`)
      })
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    // A server that listens on TCP has an address with a port.
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
  })

const role = Effect.fnUntraced(function* (seconds: number) {
  const s3 = yield* S3StandIn.make()
  const { asked, url } = yield* sts(s3, seconds)
  const live = S3.layer(
    reach(s3, {
      credentials: Credentials.AssumeRole({
        roleArn: "arn:aws:iam::123456789012:role/sluice",
        externalId: "ext-1",
        sessionName: "nightly",
        stsEndpoint: url,
        from: Credentials.Static({ accessKeyId: "AKIAOWN", secretAccessKey: Redacted.make("own") })
      })
    })
  )
  yield* s3.put("acme", "k", "x")
  return { s3, live, asked }
})

const expiresIn = (urls: Redacted.Redacted<ReadonlyArray<string>>) =>
  Number(new URL(Redacted.value(urls).join()).searchParams.get("X-Amz-Expires"))

describe("Credentials", () => {
  it.live("assumes a role with external id and session name, once for many calls", () =>
    Effect.gen(function* () {
      const { asked, live } = yield* role(3600)
      yield* Effect.gen(function* () {
        const s3 = yield* S3
        yield* s3.listObjects({ Bucket: "acme" })
        yield* s3.listObjects({ Bucket: "acme" })
      }).pipe(Effect.provide(live))
      assert.strictEqual(asked.length, 1)
      assert.strictEqual(asked[0]?.get("RoleArn"), "arn:aws:iam::123456789012:role/sluice")
      assert.strictEqual(asked[0]?.get("ExternalId"), "ext-1")
      assert.strictEqual(asked[0]?.get("RoleSessionName"), "nightly")
    })
  )

  it.live("refreshes a role's session before it ends", () =>
    Effect.gen(function* () {
      const { asked, live } = yield* role(60)
      yield* Effect.gen(function* () {
        const s3 = yield* S3
        yield* Effect.repeat(s3.listObjects({ Bucket: "acme" }), {
          until: () => asked.length > 1,
          schedule: Schedule.spaced("5 millis")
        })
      }).pipe(Effect.provide(live))
    })
  )

  it.live("lets no link claim to live longer than the session that signs it", () =>
    Effect.gen(function* () {
      const { live } = yield* role(1800)
      const link = (lifetime: Duration.Duration) =>
        S3.use((s3) => s3.presign([{ Bucket: "acme", Key: "k" }], lifetime)).pipe(Effect.provide(live))
      assert.isAtMost(expiresIn(yield* link(Duration.hours(2))), 1800)
      assert.strictEqual(expiresIn(yield* link(Duration.minutes(10))), 600)
    })
  )

  it.live("signs with a session token where there is one", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      yield* s3.put("acme", "k", "x")
      yield* s3.credentials.add({
        accessKeyId: "ASIATEMP",
        secretAccessKey: Redacted.make("s"),
        sessionToken: Redacted.make("t")
      })
      const as = (sessionToken: Redacted.Redacted | undefined) =>
        S3.layer(
          reach(s3, {
            credentials: Credentials.Static({
              accessKeyId: "ASIATEMP",
              secretAccessKey: Redacted.make("s"),
              sessionToken
            })
          })
        )
      assert.deepStrictEqual(yield* keys({ bucket: "acme" }, as(Redacted.make("t"))), ["k"])
      const error = yield* Effect.flip(keys({ bucket: "acme" }, as(undefined)))
      assert.strictEqual(error.reason._tag, "Unauthorized")
    })
  )

  it.live("says so where a profile does not exist", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      const live = S3.layer(reach(s3, { credentials: Credentials.Profile({ profile: "no-such-profile-here" }) }))
      const error = yield* Effect.flip(keys({ bucket: "acme" }, live))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "credentials")
    })
  )

  it("shows no secret", () => {
    const all = Credentials.Static({
      accessKeyId: "AKIA",
      secretAccessKey: Redacted.make("hidden-secret"),
      sessionToken: Redacted.make("hidden-token")
    })
    assert.notInclude(JSON.stringify(all), "hidden")
  })
})
