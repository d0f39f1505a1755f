import { drive } from "@googleapis/drive"
import { assert, describe, it } from "@effect/vitest"
import { Observer } from "@sluice/core"
import { DriveStandIn, Fault } from "@sluice/testkit/drive"
import { ConfigProvider, Duration, Effect, Exit, Fiber, Layer, Logger, Redacted, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { GoogleAuth, OAuth2Client } from "google-auth-library"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { buffer } from "node:stream/consumers"
import { inspect } from "node:util"
import { Drive, type DriveClient } from "../src/index.ts"
import { answering, asUser, counted, names, reach, retry, serve, standIn, until, waits } from "./bench.ts"

/** A server that takes connections and never says a word of TLS. */
const silent = Effect.map(
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => sockets.add(socket))
      server.listen(0, "127.0.0.1", () =>
        resume(
          Effect.succeed({
            // A server that listens on TCP has an address with a port.
            url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
            close: () => {
              server.close()
              for (const socket of sockets) socket.destroy()
            }
          })
        )
      )
    }),
    ({ close }) => Effect.sync(close)
  ),
  ({ url }) => url
)

describe("Drive", () => {
  it.live("asks for everything that is in Drive and in shared drives", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const driveId = yield* drive.createDrive("Archive", { members: { [drive.oauth.account]: "reader" } })
      const folder = yield* drive.createFolder("Reports", { parents: [driveId] })
      const id = yield* drive.createFile({ name: "a.txt", parents: [folder], content: "hello" })
      const own = yield* drive.createFile({ name: "b.txt", content: "b", labels: [{ id: "l1", fields: {} }] })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        assert.strictEqual((yield* client.about("user")).user?.emailAddress, drive.oauth.account)
        const start = yield* client.startPageToken(driveId)
        yield* drive.rename(id, "c.txt")
        const { changes, newStartPageToken } = yield* client.listChanges({
          driveId,
          pageToken: start,
          pageSize: 100,
          fields: "newStartPageToken,nextPageToken,changes(fileId,file(id,name))"
        })
        assert.isDefined(newStartPageToken)
        assert.deepStrictEqual(changes, [{ fileId: id, file: { id, name: "c.txt" } }])
        const { files } = yield* client.listFiles({
          q: `'${folder}' in parents`,
          corpora: "drive",
          driveId,
          pageSize: 10,
          fields: "files(id,size)"
        })
        assert.deepStrictEqual(files, [{ id, size: 5 }])
        assert.deepStrictEqual(yield* client.getFile(id, { fields: "id,driveId" }), { id, driveId })
        const { drives } = yield* client.listDrives({ pageSize: 10, fields: "drives(id,name)" })
        assert.deepStrictEqual(drives, [{ id: driveId, name: "Archive" }])
        assert.strictEqual((yield* client.getDrive(driveId)).name, "Archive")
        const { permissions } = yield* client.listPermissions(own, { pageSize: 10, fields: "permissions(role,type)" })
        assert.deepStrictEqual(permissions, [{ role: "owner", type: "user" }])
        assert.deepStrictEqual(
          (yield* client.listLabels(own)).labels.map(({ id }) => id),
          ["l1"]
        )
      }).pipe(Effect.provide(live))
      for (const { operation, query } of yield* drive.requests) {
        if (operation !== "token") assert.strictEqual(query["prettyPrint"], "false")
      }
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.live("opens folders that are shared by link with their keys", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const { url } = yield* serve((request, response) => {
        if (request.url !== "/token") asked.push(String(request.headers["x-goog-drive-resource-keys"]))
        response.setHeader("content-type", "application/json")
        response.end(request.url === "/token" ? `{"access_token":"ya29.token"}` : `{"id":"f1"}`)
      })
      const options = { ...reach(yield* DriveStandIn.make()), endpoint: url, tokenEndpoint: `${url}/token` }
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const keys = [{ id: "f1", resourceKey: "k1" }, { id: "f2" }, { id: "f3", resourceKey: "k3" }]
        yield* client.listFiles({ keys, pageSize: 1, fields: "files(id)" })
        yield* client.getFile("f1", { fields: "id", resourceKey: "k1" })
        yield* client.getFile("f2", { fields: "id" })
      }).pipe(Effect.provide(Drive.layer(options)))
      assert.deepStrictEqual(asked, ["f1/k1,f3/k3", "f1/k1", "undefined"])
    })
  )

  it.effect.each([
    ["403 rateLimitExceeded", Fault.refuse("rateLimitExceeded", { next: 3 })],
    ["429", Fault.tooManyRequests({ next: 3 })],
    ["500", Fault.refuse("backendError", { next: 3 })],
    ["a proxy's 502", Fault.page({ next: 3, operations: ["files.list"] })],
    ["a reset connection", Fault.reset({ next: 3, operations: ["files.list"] })]
  ] as const)("tries again after %s", ([, fault]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([fault])
      yield* waits(names(live))
      assert.strictEqual((yield* counted(drive))["files.list"], 4)
    })
  )

  it.live("tells the observer of every request, those for access tokens too, and of those that are made again", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([Fault.refuse("backendError", { next: 2 })])
      const seen: Array<string> = []
      yield* names(live).pipe(
        Effect.provideService(Observer.Observer, {
          ...Observer.silent,
          request: ({ operation, role }) => seen.push(`${role} ${operation}`),
          retried: ({ operation }) => seen.push(`${operation} again`),
          waited: () => seen.push("waited")
        })
      )
      const failed = ["source files.list", "files.list again", "waited"]
      assert.deepStrictEqual(seen, ["source token", ...failed, ...failed, "source files.list"])
    })
  )

  it.live("gives up after the attempts it was given, and no other layer adds any", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([Fault.refuse("backendError")])
      const error = yield* Effect.flip(names(live))
      assert.strictEqual(error._tag, "DriveError")
      assert.strictEqual((yield* counted(drive))["files.list"], retry.maxAttempts)
    })
  )

  it.live("tries a refusal once", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([Fault.refuse("accessNotConfigured")])
      const error = yield* Effect.flip(names(live))
      assert.include(String(error), "not enabled")
      assert.strictEqual((yield* counted(drive))["files.list"], 1)
    })
  )

  it.effect.each([
    ["seconds", "7"],
    ["a date", "Thu, 01 Jan 1970 00:00:07 GMT"]
  ] as const)("waits as long as Retry-After asks in %s", ([, retryAfter]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      yield* drive.faults.set([Fault.tooManyRequests({ next: 1, retryAfter })])
      assert.deepStrictEqual(yield* waits(names(live)), [7000])
      assert.strictEqual((yield* counted(drive))["files.list"], 2)
    })
  )

  it.effect("keeps to its requests a minute, with all that use the same credentials", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn({ burst: 2, queriesPerMinute: 60 })
      const twice = Effect.all([names(live), names(live)])
      assert.deepStrictEqual(yield* waits(twice), [])
      assert.deepStrictEqual(yield* waits(twice), [1000, 1000])
      const other = Drive.layer(reach(drive, { burst: 2, queriesPerMinute: 60 }))
      assert.deepStrictEqual(yield* waits(names(other)), [])
    })
  )

  it.effect("slows down for all when Google asks for it, and not before", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn({ retry: { ...retry, base: Duration.zero } })
      const many = (count: number) => Effect.all(Array.from({ length: count }, () => names(live)))
      assert.deepStrictEqual(yield* waits(many(5)), [])
      yield* drive.faults.set([Fault.refuse("userRateLimitExceeded", { next: 2 })])
      // No wait of the retry, then gaps between turns: 100 ms after the first complaint, 200 ms after the second, and a
      // quarter less after each success.
      assert.deepStrictEqual(yield* waits(many(2)), [0, 0, 100, 200])
      assert.deepStrictEqual(yield* waits(many(5)), [150])
      assert.deepStrictEqual(yield* waits(many(5)), [])
    })
  )

  it.effect("gives up an answer that does not end in time", () =>
    Effect.gen(function* () {
      let begun = false
      const { url } = yield* serve((request, response) => {
        if (request.url === "/token") return response.end(`{"access_token":"ya29.token"}`)
        begun = true
        return response.writeHead(200, { "content-type": "application/json" }).write(`{"files":`)
      })
      const options = { ...reach(yield* DriveStandIn.make()), endpoint: url, tokenEndpoint: `${url}/token` }
      const live = Drive.layer({ ...options, retry: { ...retry, maxAttempts: 1 } })
      const fiber = yield* Effect.forkChild(Effect.flip(names(live)), { startImmediately: true })
      yield* until(Effect.sync(() => begun))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.include(String(yield* Fiber.join(fiber)), "no answer in time")
    })
  )

  it.live("gives up a connection that does not come to stand", () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make()
      const options = reach(drive, { endpoint: yield* silent, connectTimeout: "50 millis" })
      const error = yield* Effect.flip(names(Drive.layer({ ...options, retry: { ...retry, maxAttempts: 1 } })))
      assert.include(String(error), "`connectTimeout`")
    })
  )

  it.live("closes the connection of a request that is interrupted", () =>
    Effect.gen(function* () {
      let begun = false
      let closed = false
      const { url } = yield* serve((request, response) => {
        if (request.url === "/token") return response.end(`{"access_token":"ya29.token"}`)
        begun = true
        return response.on("close", () => (closed = true))
      })
      const options = { ...reach(yield* DriveStandIn.make()), endpoint: url, tokenEndpoint: `${url}/token` }
      const context = yield* Layer.build(Drive.layer(options))
      const list = Drive.use((drive) => drive.listFiles({ pageSize: 1, fields: "files(id)" }))
      const fiber = yield* Effect.forkChild(Effect.provide(list, context), { startImmediately: true })
      yield* until(Effect.sync(() => begun))
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      yield* until(Effect.sync(() => closed))
    })
  )

  it.live("keeps its connections while it is open, and none afterwards", () =>
    Effect.gen(function* () {
      const { url, open } = yield* answering(200, `{"files":[]}`, { "content-type": "application/json" })
      const options = { ...reach(yield* DriveStandIn.make()), endpoint: url, tokenEndpoint: `${url}/token` }
      yield* Effect.gen(function* () {
        const drive = yield* Drive
        const list = drive.listFiles({ pageSize: 1, fields: "files(id)" })
        yield* Effect.all(
          Array.from({ length: 12 }, () => list),
          { concurrency: 12 }
        )
        assert.isAtMost(yield* open, 3)
      }).pipe(Effect.provide(Drive.layer({ ...options, connections: 3 })))
      yield* until(Effect.map(open, (count) => count === 0))
    })
  )

  it.live.each([
    ["a proxy's 403", 403, "<html>Blocked</html>", "Misconfigured", "not by Google"],
    ["a proxy's 407", 407, "who are you", "Misconfigured", "proxy"],
    ["a web page", 200, "<html><body>Welcome!</body></html>", "Misconfigured", "not Google Drive's"],
    ["a login page", 302, "", "Misconfigured", "somewhere else"],
    ["something else in JSON", 200, `{"files":[{"id":7}]}`, "Misconfigured", "at files[0].id"]
  ] as const)("understands %s", ([, status, body, reason, said]) =>
    Effect.gen(function* () {
      const { url } = yield* answering(status, body, { location: "https://login.example.com/" })
      const options = { ...reach(yield* DriveStandIn.make()), endpoint: url, tokenEndpoint: `${url}/token` }
      const error = yield* Effect.flip(names(Drive.layer(options)))
      assert.strictEqual(error._tag === "DriveError" ? error.reason._tag : error._tag, reason)
      assert.include(String(error), said)
    })
  )

  it.live("says that nobody listens, and where", () =>
    Effect.gen(function* () {
      const { server, url } = yield* answering(200, "")
      yield* Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
      const drive = yield* DriveStandIn.make()
      const api = yield* Effect.flip(names(Drive.layer(reach(drive, { endpoint: url }))))
      assert.match(String(api), /refuses connections: check `endpoint`/)
      const tokens = yield* Effect.flip(names(Drive.layer(reach(drive, { tokenEndpoint: url }))))
      assert.match(String(tokens), /refuses connections: check `tokenEndpoint`/)
    })
  )

  it.live("goes through the proxy that the environment names, and past it to this machine", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const proxy = yield* serve((request, response) => {
        asked.push(request.url)
        response.setHeader("content-type", "application/json")
        response.end(request.url?.endsWith("/token") === true ? `{"access_token":"ya29.token"}` : `{"files":[]}`)
      })
      const drive = yield* DriveStandIn.make()
      const env = ConfigProvider.layer(
        ConfigProvider.fromEnv({ env: { HTTP_PROXY: proxy.url.replace("http://", ""), HTTPS_PROXY: "http://proxy:1" } })
      )
      const away = {
        endpoint: "http://drive.test",
        tokenEndpoint: "http://oauth.test/token",
        allowPlainHttp: true
      }
      yield* names(Drive.layer(reach(drive, away)).pipe(Layer.provide(env)))
      assert.strictEqual(asked[0], "http://oauth.test/token")
      assert.match(asked[1] ?? "", /^http:\/\/drive\.test\/drive\/v3\/files\?/)
      yield* names(Drive.layer(reach(drive)).pipe(Layer.provide(env)))
      assert.strictEqual(asked.length, 2)
    })
  )

  it.live("is made from the environment, and options win", () =>
    Effect.gen(function* () {
      const { drive } = yield* standIn()
      yield* drive.createFile({ name: "a.txt" })
      const env = {
        GDRIVE_ENDPOINT: "http://127.0.0.1:1",
        GDRIVE_TOKEN_ENDPOINT: drive.tokenUrl,
        GDRIVE_CLIENT_ID: drive.oauth.clientId,
        GDRIVE_CLIENT_SECRET: Redacted.value(drive.oauth.clientSecret),
        GDRIVE_REFRESH_TOKEN: Redacted.value(drive.oauth.refreshToken)
      }
      const live = Drive.layerConfig({ endpoint: drive.url, retry }).pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
      assert.deepStrictEqual(yield* names(live), ["a.txt"])
    })
  )

  it.live("uses your own client, leaves its retries out, and says what it is set to", () =>
    Effect.gen(function* () {
      const { drive: server } = yield* standIn()
      yield* server.createFile({ name: "a.txt" })
      const auth = new OAuth2Client({
        clientId: server.oauth.clientId,
        clientSecret: Redacted.value(server.oauth.clientSecret),
        endpoints: { oauth2TokenUrl: server.tokenUrl },
        forceRefreshOnFailure: true
      })
      auth.setCredentials({ refresh_token: Redacted.value(server.oauth.refreshToken) })
      const yours: DriveClient = drive({ version: "v3", auth, rootUrl: `${server.url}/`, retryConfig: { retry: 9 } })
      const live = Drive.layerClient(yours, { retry })
      assert.deepStrictEqual(yield* names(live), ["a.txt"])
      const findings = yield* Drive.use(({ findings }) => Effect.succeed(findings)).pipe(Effect.provide(live))
      assert.deepStrictEqual(
        findings.map(({ severity, subject }) => [severity, subject]),
        [
          ["warning", "retry"],
          ["warning", "auth"]
        ]
      )
      yield* server.forgetRequests
      yield* server.faults.set([Fault.refuse("backendError")])
      yield* Effect.flip(names(live))
      assert.strictEqual((yield* counted(server))["files.list"], retry.maxAttempts)
      assert.include(String(yield* Effect.flip(names(Drive.layerClient(yours, { burst: 0 })))), "`burst`")
    })
  )

  it.live("renews the access token of your own client, and leaves its requests to what it is set to", () =>
    Effect.gen(function* () {
      const { drive: server } = yield* standIn()
      const id = yield* server.createFile({ name: "a.txt", content: "hello" })
      const user = new OAuth2Client({
        clientId: server.oauth.clientId,
        clientSecret: Redacted.value(server.oauth.clientSecret),
        endpoints: { oauth2TokenUrl: server.tokenUrl }
      })
      user.setCredentials({ refresh_token: Redacted.value(server.oauth.refreshToken) })
      const auth = new GoogleAuth({ authClient: user, projectId: "acme" })
      const seen: Array<string | null> = []
      const yours = drive({
        version: "v3",
        auth,
        rootUrl: `${server.url}/`,
        adapter: (request, next) => {
          seen.push(request.headers.get("accept-encoding"))
          return next(request)
        }
      })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        assert.deepStrictEqual(client.findings, [])
        yield* client.about("user")
        yield* server.shiftClock(3_700_000)
        const { stream } = yield* client.media(id)
        assert.strictEqual(String(yield* Effect.promise(() => buffer(stream))), "hello")
      }).pipe(Effect.scoped, Effect.provide(Drive.layerClient(yours, { retry })))
      assert.deepStrictEqual(seen, ["gzip", "identity", "identity"])
      assert.strictEqual((yield* counted(server)).token, 2)
    })
  )

  it.live("says what a client without access tokens cannot do, and uses it as it is", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const { url } = yield* serve((request, response) => {
        asked.push(request.url)
        response.writeHead(401).end()
      })
      const live = Drive.layerClient(drive({ version: "v3", auth: "api-key", rootUrl: `${url}/` }), { retry })
      const findings = yield* Drive.use(({ findings }) => Effect.succeed(findings)).pipe(Effect.provide(live))
      assert.deepStrictEqual(
        findings.map(({ subject }) => subject),
        ["auth"]
      )
      assert.include(String(yield* Effect.flip(names(live))), "401")
      assert.strictEqual(asked.length, 1)
      assert.include(asked[0], "key=api-key")
    })
  )

  it.live("tells no secret: not in errors, logs and spans", () =>
    Effect.gen(function* () {
      const { drive } = yield* standIn()
      const id = yield* drive.createFile({ name: "a.txt" })
      const shown: Array<unknown> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          shown.push(span)
          return span
        }
      })
      const logger = Logger.layer([Logger.make((entry) => shown.push(entry.message, entry.cause, entry.fiber.context))])
      const faults = [[], [Fault.refuse("authError")], [Fault.refuseToken()], [Fault.page({ status: 403 })]] as const
      for (const credentials of [asUser(drive), reach(drive).credentials]) {
        for (const fault of faults) {
          yield* drive.faults.set(fault)
          const exit = yield* Drive.use((client) => client.getFile(id, { fields: "id" })).pipe(
            Effect.tapCause(Effect.logError),
            Effect.provide([Drive.layer(reach(drive, { credentials })), logger]),
            Effect.withTracer(tracer),
            Effect.exit
          )
          shown.push(exit)
        }
      }
      assert.include(
        shown.flatMap((each) => (each instanceof Tracer.NativeSpan ? [each.name] : [])),
        "Drive.files.get"
      )
      const printed = shown.map((each) => inspect(each, { depth: 12, getters: true, showHidden: true })).join("\n")
      const { private_key: key } = JSON.parse(Redacted.value(drive.serviceAccount.keyJson)) as { private_key: string }
      const secrets = [
        Redacted.value(drive.oauth.clientSecret),
        Redacted.value(drive.oauth.refreshToken),
        ...key.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----")),
        "ya29.",
        "Bearer "
      ]
      for (const secret of secrets) assert.notInclude(printed, secret)
    })
  )
})
