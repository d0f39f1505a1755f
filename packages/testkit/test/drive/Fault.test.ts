import { DriveStandIn, Fault } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:http"
import { authOf, clientOf, listed, read, refusal, said } from "./client.ts"

const prepared = Effect.gen(function* () {
  const google = yield* DriveStandIn.make()
  const client = clientOf(google, { person: true })
  const fileId = yield* google.createFile({ name: "a.txt", content: "0123456789" })
  return { google, client, fileId }
})

const limits: ReadonlyArray<readonly [reason: DriveStandIn.Reason, status: number, domain: string]> = [
  ["accessNotConfigured", 403, "usageLimits"],
  ["appNotAuthorizedToFile", 403, "global"],
  ["authError", 401, "global"],
  ["backendError", 500, "global"],
  ["cannotDownloadAbusiveFile", 403, "global"],
  ["cannotDownloadFile", 403, "global"],
  ["dailyLimitExceeded", 403, "usageLimits"],
  ["domainPolicy", 403, "global"],
  ["downloadQuotaExceeded", 403, "usageLimits"],
  ["exportSizeLimitExceeded", 403, "global"],
  ["fileNotDownloadable", 403, "global"],
  ["insufficientFilePermissions", 403, "global"],
  ["insufficientPermissions", 403, "global"],
  ["internalError", 500, "global"],
  ["notFound", 404, "global"],
  ["quotaExceeded", 403, "usageLimits"],
  ["rateLimitExceeded", 403, "usageLimits"],
  ["serviceUnavailable", 503, "global"],
  ["sharingRateLimitExceeded", 403, "global"],
  ["teamDriveMembershipRequired", 403, "global"],
  ["userRateLimitExceeded", 403, "usageLimits"]
]

it.effect("refuses with each of Google's reasons, in Google's shape", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    yield* said(() => client.files.list())
    for (const [reason, status, domain] of limits) {
      yield* google.faults.set([Fault.refuse(reason)])
      const refused = yield* refusal(() => client.files.list())
      assert.deepInclude(refused, { status, reason })
      assert.nestedPropertyVal(refused.body, "error.code", status)
      assert.nestedPropertyVal(refused.body, "error.errors[0].domain", domain)
      assert.nestedPropertyVal(refused.body, "error.errors[0].message", refused.message)
    }
    yield* google.faults.clear
    yield* said(() => client.files.list())
  })
)

it.effect("answers 429, with seconds, with a date, and without either", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    const date = "Fri, 31 Dec 1999 23:59:59 GMT"
    yield* google.faults.set([
      Fault.tooManyRequests({ operations: ["files.list"], next: 1 }),
      Fault.tooManyRequests({ operations: ["files.list"], after: 1, next: 1, retryAfter: "7" }),
      Fault.tooManyRequests({ operations: ["files.list"], after: 2, next: 1, retryAfter: date })
    ])
    for (const expected of [null, "7", date]) {
      const refused = yield* refusal(() => client.files.list())
      assert.deepInclude(refused, { status: 429, reason: "rateLimitExceeded" })
      assert.strictEqual(refused.headers?.get("retry-after"), expected)
    }
    yield* said(() => client.files.list())
    assert.deepStrictEqual(yield* google.faults.struck, { Refuse: 3 })
  })
)

it.effect("answers with an error page in HTML, as proxies do", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    for (const status of [502, 503]) {
      yield* google.faults.set([Fault.page({ status, operations: ["files.list"] })])
      const refused = yield* refusal(() => client.files.list())
      assert.strictEqual(refused.status, status)
      assert.include(refused.headers?.get("content-type"), "text/html")
      assert.isUndefined(refused.reason)
    }
  })
)

it.effect("strikes the share of requests it is told to, the same ones for the same seed", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    const round = (seed: number) =>
      Effect.gen(function* () {
        yield* google.faults.set([Fault.refuse("rateLimitExceeded", { fraction: 0.3, operations: ["about.get"] })], {
          seed
        })
        return yield* Effect.forEach(Array.from({ length: 60 }), () =>
          Effect.promise(() =>
            client.about.get({ fields: "kind" }).then(
              () => true,
              () => false
            )
          )
        )
      })
    const first = yield* round(1)
    assert.deepStrictEqual(yield* round(1), first)
    assert.notDeepEqual(yield* round(2), first)
    assert.isTrue(first.includes(true) && first.includes(false))
  })
)

it.effect("strikes by operation, by file, by query and by account, and leaves the rest alone", () =>
  Effect.gen(function* () {
    const { client, fileId, google } = yield* prepared
    const other = yield* google.createFile({ name: "b.txt", content: "b" })
    const service = clientOf(google)
    yield* google.faults.set([
      Fault.refuse("downloadQuotaExceeded", { operations: ["files.media"], ids: [fileId] }),
      Fault.refuse("backendError", { q: "'root' in parents" }),
      Fault.refuse("domainPolicy", { account: google.serviceAccount.clientEmail })
    ])
    assert.strictEqual(
      (yield* refusal(() => client.files.get({ fileId, alt: "media" }))).reason,
      "downloadQuotaExceeded"
    )
    yield* said(() => client.files.get({ fileId }))
    yield* read(client, { fileId: other })
    const q = "trashed = false and 'root' in parents"
    assert.strictEqual((yield* refusal(() => client.files.list({ q }))).reason, "backendError")
    yield* said(() => client.files.list({ q: "trashed = false" }))
    assert.strictEqual((yield* refusal(() => service.files.list())).reason, "domainPolicy")
  })
)

it.effect("refuses a token in the middle of a run, and tokens for changes", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    yield* google.faults.set([
      Fault.refuse("authError", { operations: ["files.list"], after: 1 }),
      Fault.refuse("invalid", { operations: ["changes.list"], next: 1 }),
      Fault.refuse("fullSyncRequired", { operations: ["changes.list"], after: 1 })
    ])
    yield* said(() => client.files.list())
    assert.deepInclude(yield* refusal(() => client.files.list()), { status: 401, reason: "authError" })
    for (const [status, reason] of [
      [400, "invalid"],
      [410, "fullSyncRequired"]
    ] as const) {
      const refused = yield* refusal(() => client.changes.list({ pageToken: "1" }))
      assert.deepInclude(refused, { status, reason, location: "pageToken" })
    }
  })
)

it.effect("refuses at the token endpoint in the words of OAuth, and only there", () =>
  Effect.gen(function* () {
    const { google } = yield* prepared
    const auth = authOf(google, { person: true })
    for (const [error, status] of [
      ["invalid_grant", 400],
      ["unauthorized_client", 401]
    ] as const) {
      yield* google.faults.set([Fault.refuseToken(error, { status, description: "as told" })])
      const refused = yield* refusal(() => auth.getAccessToken())
      assert.strictEqual(refused.status, status)
      assert.deepStrictEqual(refused.body, { error, error_description: "as told" })
    }
    // The client tries again by itself, whatever it is told.
    yield* google.faults.set([Fault.refuseToken("internal_failure", { status: 500 })])
    const failed = yield* Effect.promise(() => fetch(google.tokenUrl, { method: "POST" }))
    assert.strictEqual(failed.status, 500)
    assert.propertyVal(yield* Effect.promise(() => failed.json()), "error", "internal_failure")
    // An error of Drive's is none of the token endpoint's.
    yield* google.faults.set([Fault.refuse("backendError")])
    yield* Effect.promise(() => authOf(google, { person: true }).getAccessToken())
  })
)

it.effect("resets the connection before it answers", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    yield* google.faults.set([Fault.reset({ operations: ["files.list"] })])
    assert.strictEqual((yield* refusal(() => client.files.list())).status, undefined)
    assert.deepInclude((yield* google.requests).at(-1), { operation: "files.list", status: 0, faults: ["Reset"] })
  })
)

/** What arrives of a file when nothing checks it but the socket. */
const arriving = (google: DriveStandIn.DriveStandIn, fileId: string) =>
  Effect.promise(async () => {
    const { token } = await authOf(google, { person: true }).getAccessToken()
    const url = `${google.url}/drive/v3/files/${fileId}?alt=media`
    return new Promise<{ readonly bytes: Buffer; readonly announced: number; readonly error: string | undefined }>(
      (done) => {
        const sent = request(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
          const pieces: Array<Buffer> = []
          const announced = Number(response.headers["content-length"])
          let error: string | undefined
          response.on("data", (piece: Buffer) => pieces.push(piece))
          response.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code))
          response.on("close", () => done({ bytes: Buffer.concat(pieces), announced, error }))
        })
        // The socket's own error comes after the response's, which says the same.
        sent.on("error", () => {})
        sent.end()
      }
    )
  })

it.effect("breaks bodies off: by a reset, and by an end that comes too early", () =>
  Effect.gen(function* () {
    const { google } = yield* prepared
    const fileId = yield* google.createFile({ name: "big", content: { size: 300_000 } })
    const whole = Buffer.from(yield* google.bytes(fileId))
    for (const fault of [Fault.resetInBody(), Fault.truncate()]) {
      yield* google.faults.set([fault])
      const { announced, bytes, error } = yield* arriving(google, fileId)
      assert.strictEqual(announced, 300_000)
      assert.strictEqual(error, "ECONNRESET")
      assert.isAtMost(bytes.byteLength, 150_000)
      assert.isTrue(bytes.equals(whole.subarray(0, bytes.byteLength)))
    }
  })
)

it.effect("announces another length than the body has", () =>
  Effect.gen(function* () {
    const { fileId, google } = yield* prepared
    yield* google.faults.set([Fault.wrongLength({ by: -3 })])
    const short = yield* arriving(google, fileId)
    assert.deepStrictEqual([short.announced, short.bytes.toString(), short.error], [7, "0123456", undefined])
    yield* google.faults.set([Fault.wrongLength({ by: 3 })])
    const long = yield* arriving(google, fileId)
    assert.deepStrictEqual([long.announced, long.bytes.toString(), long.error], [13, "0123456789", "ECONNRESET"])
  })
)

it.effect("sends a body with one wrong byte and the right length", () =>
  Effect.gen(function* () {
    const { client, fileId, google } = yield* prepared
    yield* google.faults.set([Fault.corrupt({ at: 0.3 })])
    const expected = Buffer.from("0123456789")
    expected[3] = 0xff ^ "3".charCodeAt(0)
    assert.deepStrictEqual((yield* read(client, { fileId })).bytes, expected)
  })
)

it.live("lets answers wait and bodies trickle", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    const fileId = yield* google.createFile({ name: "slow", content: { size: 20_000 } })
    yield* google.faults.set([Fault.slow({ latency: 100, bytesPerSecond: 100_000, operations: ["files.media"] })])
    const before = performance.now()
    assert.lengthOf((yield* read(client, { fileId })).bytes, 20_000)
    assert.isAtLeast(performance.now() - before, 250)
  })
)

/** Three folders with two files each, and the query for some of them. */
const foldered = Effect.gen(function* () {
  const { client, google } = yield* prepared
  const folders = yield* Effect.forEach(["x", "y", "z"], (name) => google.createFolder(name))
  for (const folder of folders) {
    for (const name of ["1", "2"]) yield* google.createFile({ name: `${name} in ${folder}`, parents: [folder] })
  }
  const inFolders = (count: number) =>
    folders
      .slice(0, count)
      .map((id) => `'${id}' in parents`)
      .join(" or ")
  return { google, client, folders, inFolders }
})

it.effect("finds nothing in several folders at once, though it does in each of them", () =>
  Effect.gen(function* () {
    const { client, google, inFolders } = yield* foldered
    yield* google.faults.set([Fault.emptyGroups()])
    assert.deepStrictEqual(yield* listed(client, { q: inFolders(3) }), [])
    assert.deepStrictEqual(yield* listed(client, { q: `(${inFolders(2)}) and trashed = false` }), [])
    assert.lengthOf(yield* listed(client, { q: inFolders(1) }), 2)
    assert.lengthOf(yield* listed(client, { q: "trashed = false" }), 10)
    yield* google.faults.set([Fault.emptyGroups({ next: 1 })])
    assert.deepStrictEqual(yield* listed(client, { q: inFolders(3) }), [])
    assert.lengthOf(yield* listed(client, { q: inFolders(3) }), 6)
  })
)

it.effect("says that a search did not reach everything, and leaves out what it did not", () =>
  Effect.gen(function* () {
    const { client, google } = yield* foldered
    yield* google.faults.set([Fault.incompleteSearch()])
    const whole = yield* said(() => client.files.list())
    assert.isTrue(whole.incompleteSearch)
    assert.lengthOf(whole.files ?? [], 10)
    yield* google.faults.set([Fault.incompleteSearch({ missing: 0.5 })])
    assert.lengthOf((yield* said(() => client.files.list())).files ?? [], 5)
  })
)

it.effect("repeats the last file of a page on the next one", () =>
  Effect.gen(function* () {
    const { client, google } = yield* foldered
    yield* google.faults.set([Fault.duplicateAcrossPages()])
    for (const orderBy of ["", "name"]) {
      const files = yield* listed(client, { pageSize: 4, orderBy })
      const ids = files.map(({ id }) => id)
      assert.strictEqual(new Set(ids).size, 10)
      assert.deepStrictEqual([ids[3], ids[7]], [ids[4], ids[8]])
    }
  })
)

it.effect("answers pages that are shorter than was asked for, or empty, though more follow", () =>
  Effect.gen(function* () {
    const { client, google } = yield* foldered
    for (const orderBy of ["", "name"]) {
      yield* google.faults.set([Fault.shortPages({ next: 1 }), Fault.shortPages({ after: 1, next: 1, files: 3 })])
      yield* google.forgetRequests
      const files = yield* listed(client, { orderBy })
      assert.strictEqual(new Set(files.map(({ id }) => id)).size, 10)
      assert.strictEqual((yield* google.requestsByOperation)["files.list"], 3)
    }
  })
)

it.effect("moves a file to another folder between two pages", () =>
  Effect.gen(function* () {
    const { client, folders, google } = yield* foldered
    const [from = "", to = ""] = folders
    const files = yield* listed(client, { q: `'${from}' in parents` })
    const last = files.at(-1)?.id ?? ""
    yield* google.faults.set([Fault.moveBetweenPages(last, to)])
    assert.lengthOf(yield* listed(client, { q: `'${from}' in parents`, pageSize: 1 }), 1)
    assert.lengthOf(yield* listed(client, { q: `'${to}' in parents`, pageSize: 1 }), 3)
  })
)
