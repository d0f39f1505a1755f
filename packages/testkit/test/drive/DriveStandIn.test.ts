import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { authOf, clientOf, listed, read, refusal, said } from "./client.ts"

const validated = await Effect.runPromise(Effect.scoped(Effect.map(DriveStandIn.make(), (google) => google.validated)))

it.effect("logs what was asked, by whom, and what came of it", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    const fileId = yield* google.createFile({ name: "a", content: "a" })
    yield* said(() => client.files.list({ q: "trashed = false", pageSize: 7, fields: "files(id)", corpora: "user" }))
    yield* read(client, { fileId })
    yield* refusal(() => client.files.get({ fileId: "1Nobodys" }))
    const requests = yield* google.requests
    assert.deepStrictEqual(
      requests.map(({ account, error, id, number, operation, status }) => [
        number,
        operation,
        id,
        account,
        status,
        error
      ]),
      [
        [1, "token", undefined, undefined, 200, undefined],
        [2, "files.list", undefined, "ada@example.com", 200, undefined],
        [3, "files.media", fileId, "ada@example.com", 200, undefined],
        [4, "files.get", "1Nobodys", "ada@example.com", 404, "notFound"]
      ]
    )
    assert.deepStrictEqual(requests[1]?.query, {
      q: "trashed = false",
      pageSize: "7",
      fields: "files(id)",
      corpora: "user"
    })
    assert.deepStrictEqual(yield* google.requestsByOperation, {
      token: 1,
      "files.list": 1,
      "files.media": 1,
      "files.get": 1
    })
    yield* google.forgetRequests
    assert.deepStrictEqual([yield* google.requests, yield* google.requestsByOperation], [[], {}])
  })
)

it.effect("keeps the latest requests of its log, and counts all", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make({ logCapacity: 3 })
    const client = clientOf(google)
    for (let count = 0; count < 10; count++) yield* said(() => client.files.list())
    assert.deepStrictEqual(
      (yield* google.requests).map(({ number }) => number),
      [9, 10, 11]
    )
    assert.strictEqual((yield* google.requestsByOperation)["files.list"], 10)
  })
)

it.effect("lets a test change the tree before a request is looked at", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    for (let index = 0; index < 10; index++) yield* google.createFile({ name: `${index}` })
    yield* said(() => client.about.get({ fields: "kind" }))
    yield* google.forgetRequests
    yield* google.beforeRequest(({ number, operation }) =>
      operation === "files.list" && number === 2
        ? google.createFile({ name: "in between" }).pipe(Effect.orDie, Effect.asVoid)
        : Effect.void
    )
    assert.lengthOf(yield* listed(client, { pageSize: 5 }), 10)
    assert.lengthOf(yield* listed(client, { pageSize: 100 }), 11)
  })
)

it.effect("answers with what a test's own hook died of", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    yield* google.beforeRequest(() => Effect.die(new Error("a mistake in the test")))
    const failed = yield* Effect.promise(() => fetch(google.url))
    assert.strictEqual(failed.status, 500)
    assert.include(yield* Effect.promise(() => failed.text()), "a mistake in the test")
  })
)

it.effect("answers 404 for what it does not know", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const auth = authOf(google)
    for (const path of ["/drive/v3/nonsense", "/drive/v3/files/%E0%A4%A", "//", "/drive/v3/files/a/b?x=%E0"]) {
      const refused = yield* refusal(() => auth.request({ url: google.url + path, retry: false }))
      assert.deepStrictEqual([path, refused.status, refused.reason], [path, 404, "notFound"])
    }
  })
)

it.effect("says what it cannot do, and why", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const message = <A>(effect: Effect.Effect<A, DriveStandIn.StandInError, Scope.Scope>) =>
      Effect.map(Effect.flip(effect), ({ message, operation }) => `${operation}: ${message}`)
    assert.strictEqual(
      yield* message(google.rename("1Nobodys", "x")),
      "rename: there is no item 1Nobodys; it may have been removed"
    )
    assert.include(
      yield* message(google.createFile({ name: "x", owner: "who@example.com" })),
      "there are ada@example.com, bob"
    )
    const file = yield* google.createFile({ name: "x" })
    assert.include(yield* message(google.unshare(file, "bob@example.com")), "has no permission")
    assert.include(yield* message(google.share(file, { role: "reader" })), "needs an emailAddress")
    assert.include(yield* message(google.removeDrive(file)), "there is no shared drive")
    assert.include(yield* message(google.updateContent(yield* google.createFolder("f"), "x")), "has no content")
    assert.include(yield* message(DriveStandIn.make({ people: [] })), "one person at least")
    const description = fileURLToPath(import.meta.url)
    assert.include(yield* message(DriveStandIn.make({ description })), "is no discovery document")
    const port = Number(new URL(google.url).port)
    assert.include(yield* message(DriveStandIn.make({ port })), "give another port or none")
  })
)

it.effect("makes the same tree for the same seed", () =>
  Effect.gen(function* () {
    const made = Effect.fnUntraced(function* (seed: number) {
      const google = yield* DriveStandIn.make({ seed, now: () => Date.UTC(2026, 5, 1) })
      yield* google.seed({ files: 50, special: true })
      const items = yield* google.items()
      return items.map(({ bytes, sha256, ...item }) => ({ ...item, bytes: bytes(), sha256: sha256() }))
    })
    assert.deepStrictEqual(yield* made(1), yield* made(1))
    assert.notDeepEqual(yield* made(1), yield* made(2))
  })
)

it.effect("stops with its scope, also while a client reads", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const google = yield* Scope.provide(DriveStandIn.make(), scope)
    const client = clientOf(google)
    yield* said(() => client.files.list())
    yield* Scope.close(scope, Exit.void)
    assert.strictEqual((yield* refusal(() => client.files.list())).status, undefined)
  })
)

it.effect.skipIf(!validated)("holds every answer against Google's own description", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    yield* google.seed({ files: 20, special: true })
    yield* listed(client, { fields: "*" })
    assert.deepStrictEqual(yield* google.violations, [])
    const auth = authOf(google, { person: true })
    yield* Effect.promise(() => auth.request({ url: `${google.url}/drive/v3/files?pagesize=3`, retry: false }))
    assert.deepStrictEqual(yield* google.violations, ["files.list: unknown parameter pagesize"])
  })
)

/** A description that knows one method, and is wrong about its answer. */
const wrong = JSON.stringify({
  revision: "1",
  schemas: { About: { type: "object", properties: { kind: { type: "string" }, user: { type: "boolean" } } } },
  parameters: { fields: {}, prettyPrint: {} },
  resources: { about: { methods: { get: { response: { $ref: "About" } } } } }
})

it.effect("answers 500 where it breaks the description, and says how", () =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "sluice-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true }))
    )
    const description = join(folder, "drive.json")
    yield* Effect.promise(() => writeFile(description, wrong))
    const google = yield* DriveStandIn.make({ description, validateEvery: 3 })
    assert.isTrue(google.validated)
    const client = clientOf(google, { person: true })
    // The token was the first request, and each third answer is compared.
    yield* said(() => client.about.get({ fields: "user" }))
    assert.strictEqual((yield* refusal(() => client.about.get({ fields: "kind,user" }))).status, 500)
    assert.deepStrictEqual(yield* google.violations, ['about.get /user: must be boolean {"type":"boolean"}'])
  })
)

it.effect("does without a description where there is none", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make({ description: "/nowhere/drive.json" })
    assert.isFalse(google.validated)
    yield* said(() => clientOf(google).files.list())
    assert.deepStrictEqual(yield* google.violations, [])
  })
)
