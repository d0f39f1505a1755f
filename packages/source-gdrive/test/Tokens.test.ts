import { assert, describe, it } from "@effect/vitest"
import { DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import { NodeFileSystem } from "@effect/platform-node"
import { TestClock } from "effect/testing"
import { text } from "node:stream/consumers"
import { Credentials, Drive } from "../src/index.ts"
import { counted, reach, serve, standIn, until } from "./bench.ts"

const about = Drive.use((drive) => drive.about("user"))
const who = Effect.map(about, ({ user }) => user?.emailAddress)

const many = (count: number) =>
  Effect.all(
    Array.from({ length: count }, () => about),
    { concurrency: "unbounded" }
  )

/** How many access tokens were asked for. */
const tokens = (drive: DriveStandIn.DriveStandIn) => Effect.map(counted(drive), ({ token = 0 }) => token)

const refusal = <E>(live: Layer.Layer<Drive, E>) => Effect.flip(Effect.provide(about, Layer.orDie(live)))

const serviceAccount = (drive: DriveStandIn.DriveStandIn, impersonate?: string) =>
  Credentials.ServiceAccount({ key: { json: drive.serviceAccount.keyJson }, impersonate })

/** Variables of this process, as long as the scope lives: Google's libraries read them by themselves. */
const variables = (values: Record<string, string>) =>
  Effect.forEach(
    Object.entries(values),
    ([name, value]) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const before = process.env[name]
          process.env[name] = value
          return before
        }),
        (before) =>
          Effect.sync(() => {
            if (before === undefined) delete process.env[name]
            else process.env[name] = before
          })
      ),
    { discard: true }
  )

describe("Tokens", () => {
  it.live("asks as a service account, once for many requests at a time", () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make()
      const live = Drive.layer(reach(drive))
      assert.strictEqual(yield* Effect.provide(Effect.andThen(many(20), who), live), drive.serviceAccount.clientEmail)
      assert.strictEqual(yield* tokens(drive), 1)
    })
  )

  it.live("asks as the user who has consented", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      assert.strictEqual(yield* Effect.provide(who, live), drive.oauth.account)
    })
  )

  it.live("asks on behalf of a user of the domain where that is granted", () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make({ delegation: true })
      const as = (user: string) => Drive.layer(reach(drive, { credentials: serviceAccount(drive, user) }))
      assert.strictEqual(yield* Effect.provide(who, as("bob@example.com")), "bob@example.com")
      const error = yield* refusal(as("nobody@example.com"))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "`impersonate`")
    })
  )

  it.live("says where to grant it where it is not", () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make()
      const error = yield* refusal(Drive.layer(reach(drive, { credentials: serviceAccount(drive, "bob@example.com") })))
      assert.strictEqual(error.operation, "token")
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "Domain-wide delegation")
      assert.strictEqual(yield* tokens(drive), 1)
    })
  )

  it.live("asks for reading and nothing more, at the address it is told, in Google's name", () =>
    Effect.gen(function* () {
      const asked: Array<URLSearchParams> = []
      const { url } = yield* serve((request, response) => {
        response.setHeader("content-type", "application/json")
        if (request.url === "/elsewhere/token?x=1") {
          void text(request).then((body) => {
            asked.push(new URLSearchParams(body))
            response.end(`{"access_token":"ya29.token","expires_in":3600}`)
          })
        } else response.end("{}")
      })
      const drive = yield* DriveStandIn.make()
      yield* Effect.provide(
        about,
        Drive.layer(reach(drive, { endpoint: url, tokenEndpoint: `${url}/elsewhere/token?x=1` }))
      )
      const [, claims = ""] = (asked[0]?.get("assertion") ?? "").split(".")
      const { aud, iss, scope, sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<
        string,
        unknown
      >
      assert.deepStrictEqual(
        { aud, iss, scope, sub },
        {
          aud: "https://oauth2.googleapis.com/token",
          iss: drive.serviceAccount.clientEmail,
          scope: "https://www.googleapis.com/auth/drive.readonly",
          sub: undefined
        }
      )
    })
  )

  it.live("names the scope that is missing", () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make()
      const scopes = ["https://www.googleapis.com/auth/drive.metadata.readonly"]
      const id = yield* drive.createFile({ name: "a.txt", content: "a" })
      yield* drive.share(id, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const read = Effect.scoped(Drive.use((client) => client.media(id)))
      const error = yield* Effect.flip(Effect.provide(read, Drive.layer(reach(drive, { scopes }))))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "https://www.googleapis.com/auth/drive.readonly")
    })
  )

  it.live("says what is wrong with a refresh token and a client", () =>
    Effect.gen(function* () {
      const { drive } = yield* standIn()
      const { clientId, clientSecret, refreshToken } = drive.oauth
      const wrong = Redacted.make("hush-hush")
      const as = (credentials: Credentials.Credentials) => refusal(Drive.layer(reach(drive, { credentials })))
      const revoked = yield* as(Credentials.OAuth({ clientId, clientSecret, refreshToken: wrong }))
      assert.include(revoked.message, "revoked")
      const client = yield* as(Credentials.OAuth({ clientId, clientSecret: wrong, refreshToken }))
      assert.include(client.message, "`clientSecret`")
      for (const error of [revoked, client]) {
        assert.strictEqual(error.reason._tag, "Unauthorized")
        assert.notInclude(JSON.stringify(error) + String(error), "hush")
      }
    })
  )

  it.live("tries a token endpoint again that is out of order, and no other layer adds any attempt", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([Fault.refuseToken("internal_failure", { status: 500, next: 2 })])
      yield* Effect.provide(about, live)
      assert.strictEqual(yield* tokens(drive), 3)
      yield* drive.forgetRequests
      yield* drive.faults.set([Fault.refuseToken("internal_failure", { status: 503 })])
      const service = yield* refusal(Drive.layer(reach(drive)))
      assert.strictEqual(service.reason._tag, "Unavailable")
      assert.strictEqual(yield* tokens(drive), 5)
    })
  )

  it.effect("renews a token ahead of time, and no request waits for that", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* Effect.gen(function* () {
        yield* many(3)
        yield* TestClock.adjust("54 minutes")
        yield* many(3)
        assert.strictEqual(yield* tokens(drive), 1)
        yield* TestClock.adjust("2 minutes")
        yield* many(3)
        yield* until(Effect.map(tokens(drive), (count) => count === 2))
        yield* TestClock.adjust("10 minutes")
        yield* many(3)
        assert.strictEqual(yield* tokens(drive), 2)
        yield* TestClock.adjust("3 hours")
        yield* many(3)
        assert.strictEqual(yield* tokens(drive), 3)
      }).pipe(Effect.provide(live))
    })
  )

  it.effect("goes on with a token that still holds while no new one is to be had", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* Effect.gen(function* () {
        yield* about
        yield* drive.faults.set([Fault.refuseToken("internal_failure", { status: 503 })])
        yield* TestClock.adjust("56 minutes")
        yield* many(3)
        yield* until(Effect.map(tokens(drive), (count) => count === 2))
        // Not at once again.
        yield* TestClock.adjust("10 seconds")
        yield* about
        yield* drive.faults.clear
        assert.strictEqual(yield* tokens(drive), 2)
        yield* TestClock.adjust("1 hour")
        yield* about
        assert.strictEqual(yield* tokens(drive), 3)
      }).pipe(Effect.provide(live))
    })
  )

  it.live("takes a new token where Google refuses the old one in mid-run, one for all", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* Effect.gen(function* () {
        yield* about
        yield* drive.shiftClock(3_700_000)
        yield* many(10)
        assert.strictEqual(yield* tokens(drive), 2)
        yield* about
        assert.strictEqual(yield* tokens(drive), 2)
      }).pipe(Effect.provide(live))
    })
  )

  it.live("gives up where the new token is refused too", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([Fault.refuse("authError")])
      const error = yield* refusal(live)
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.deepInclude(yield* counted(drive), { "about.get": 2, token: 2 })
    })
  )

  it.live("finds what Google's libraries find: a file", () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make()
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      const live = Drive.layer(reach(drive, { credentials: Credentials.ApplicationDefault() }))
      yield* files.writeFileString(`${folder}/key.json`, Redacted.value(drive.serviceAccount.keyJson))
      yield* variables({ GOOGLE_APPLICATION_CREDENTIALS: `${folder}/key.json` })
      assert.strictEqual(yield* Effect.provide(who, live), drive.serviceAccount.clientEmail)
      const { clientId, clientSecret, refreshToken } = drive.oauth
      const user = {
        type: "authorized_user",
        client_id: clientId,
        client_secret: Redacted.value(clientSecret),
        refresh_token: Redacted.value(refreshToken)
      }
      yield* files.writeFileString(`${folder}/user.json`, JSON.stringify(user))
      yield* variables({ GOOGLE_APPLICATION_CREDENTIALS: `${folder}/user.json` })
      assert.strictEqual(yield* Effect.provide(who, Layer.fresh(live)), drive.oauth.account)
      yield* variables({ GOOGLE_APPLICATION_CREDENTIALS: `${folder}/none.json` })
      const error = yield* refusal(Layer.fresh(live))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "GOOGLE_APPLICATION_CREDENTIALS")
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live("finds what Google's libraries find: the machine's own service account, or nothing", () =>
    Effect.gen(function* () {
      const metadata: Array<string | undefined> = []
      const { url } = yield* serve((request, response) => {
        response.setHeader("metadata-flavor", "Google").setHeader("content-type", "application/json")
        if (request.url?.startsWith("/computeMetadata/") === true) metadata.push(request.url)
        response.end(
          request.url?.includes("/token") === true
            ? `{"access_token":"ya29.m","expires_in":3600}`
            : `{"user":{"emailAddress":"${request.headers.authorization}"}}`
        )
      })
      const drive = yield* DriveStandIn.make()
      const live = Drive.layer(reach(drive, { endpoint: url, credentials: Credentials.ApplicationDefault() }))
      yield* variables({
        GOOGLE_APPLICATION_CREDENTIALS: "",
        CLOUDSDK_CONFIG: "/nowhere",
        GCE_METADATA_HOST: url.replace("http://", ""),
        METADATA_SERVER_DETECTION: "assume-present"
      })
      assert.strictEqual(yield* Effect.provide(who, live), "Bearer ya29.m")
      assert.deepStrictEqual(metadata, [
        "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdrive.readonly"
      ])
      yield* variables({ METADATA_SERVER_DETECTION: "none" })
      const error = yield* refusal(Layer.fresh(live))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "no credentials were found")
    })
  )
})
