import { assert, describe, it } from "@effect/vitest"
import { Pipeline, type Report } from "@sluice/core"
import { DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, Result } from "effect"
import * as Acceptance from "./drive.ts"

/** Requests of one account share a pace, also between tests: each test has an account of its own. */
let accounts = 0

/** A run in a line. */
const told = Result.match({
  onSuccess: ({ created, ended, passes, rejections, removed, retries, skips, updated }: Report.Report) =>
    [
      `${ended}: ${created} created`,
      ...(updated > 0 ? [`${updated} updated`] : []),
      ...(removed > 0 ? [`${removed} removed`] : []),
      ...rejections.map(({ code, count }) => `${count} rejected (${code})`),
      ...skips.map(({ code, count }) => `${count} skipped (${code})`),
      ...passes.flatMap((pass) => (pass.ended === "expired" ? ["expired"] : [])),
      ...(retries > 0 ? ["after retries"] : [])
    ].join(", "),
  onFailure: ({ reason, report }: Pipeline.PipelineError) =>
    `${report?.ended ?? "refused"}: ${reason._tag === "SourceFailed" ? reason.error.reason._tag : reason._tag}`
})

/** A folder with 12 files in 5 folders and a document, and a way to bring it to a bucket again and again. */
const begin = Effect.gen(function* () {
  const drive = yield* DriveStandIn.make({ people: [`ada${++accounts}`] })
  const mixpeek = yield* Acceptance.mixpeekStandIn()
  const folder = yield* drive.createFolder("taken")
  const seeded = yield* drive.seed({ files: 12, folders: 5, parent: folder })
  const mimeType = "application/vnd.google-apps.document"
  yield* drive.createFile({ name: "minutes", mimeType, parents: [folder], content: { size: 500 } })
  const ledger = yield* Acceptance.ledger
  const clients = Acceptance.clients(drive, mixpeek, { retry: { ...Acceptance.retry, maxAttempts: 4 } })
  const pipeline = Acceptance.pipelineOf({ from: { folders: [folder] } }, Acceptance.withReaders)
  return {
    drive,
    /** Files with bytes of their own. */
    files: seeded.flatMap(({ id, kind }) => (kind === "file" ? [id] : [])),
    run: (options: Pipeline.RunOptions = {}) =>
      Pipeline.run(pipeline, options).pipe(Effect.result, Effect.map(told), Effect.provide([ledger, clients])),
    assertWhole: Effect.gen(function* () {
      assert.deepStrictEqual(yield* Acceptance.arrived(mixpeek), yield* Acceptance.expected(drive, folder))
      assert.deepStrictEqual([yield* drive.violations, yield* mixpeek.violations], [[], []])
    })
  }
})

/** What becomes of a run whose listing is refused for good in the middle, and of one where the bytes of one file are. */
const refusals: ReadonlyArray<readonly [reason: DriveStandIn.Reason, listing: string, reading: string]> = [
  // Passes by itself: it was tried several times.
  ["rateLimitExceeded", "failed: Unavailable", "complete: 12 created, 1 rejected (unavailable), after retries"],
  ["userRateLimitExceeded", "failed: Unavailable", "complete: 12 created, 1 rejected (unavailable), after retries"],
  ["sharingRateLimitExceeded", "failed: Unavailable", "complete: 12 created, 1 rejected (unavailable), after retries"],
  ["backendError", "failed: Unavailable", "complete: 12 created, 1 rejected (unavailable), after retries"],
  ["serviceUnavailable", "failed: Unavailable", "complete: 12 created, 1 rejected (unavailable), after retries"],
  // Nothing else will work either, whatever was asked for.
  ["dailyLimitExceeded", "failed: Misconfigured", "failed: Misconfigured"],
  ["accessNotConfigured", "failed: Misconfigured", "failed: Misconfigured"],
  ["domainPolicy", "failed: Unauthorized", "failed: Unauthorized"],
  ["insufficientPermissions", "failed: Unauthorized", "failed: Unauthorized"],
  ["authError", "failed: Unauthorized", "failed: Unauthorized"],
  // Of one file, it is about this one.
  ["quotaExceeded", "failed: Misconfigured", "complete: 12 created, 1 rejected (download-quota)"],
  ["insufficientFilePermissions", "failed: Unauthorized", "complete: 12 created, 1 rejected (no-permission)"],
  ["appNotAuthorizedToFile", "failed: Unauthorized", "complete: 12 created, 1 rejected (no-permission)"],
  ["forbidden", "failed: Unauthorized", "complete: 12 created, 1 rejected (no-permission)"],
  ["teamDriveMembershipRequired", "failed: Unauthorized", "complete: 12 created, 1 rejected (no-permission)"],
  ["notFound", "incomplete: 0 created", "complete: 12 created, 1 skipped (gone)"],
  // Google says these of files alone; of a listing they stop it.
  ["downloadQuotaExceeded", "failed: Denied", "complete: 12 created, 1 rejected (download-quota)"],
  ["cannotDownloadAbusiveFile", "failed: Denied", "complete: 12 created, 1 rejected (abusive)"],
  ["cannotDownloadFile", "failed: Denied", "complete: 12 created, 1 rejected (cannot-download)"],
  ["exportSizeLimitExceeded", "failed: Denied", "complete: 12 created, 1 rejected (export-too-large)"],
  ["fileNotDownloadable", "failed: NoContent", "complete: 12 created, 1 skipped (not-downloadable)"],
  ["fileNotExportable", "failed: NoContent", "complete: 12 created, 1 skipped (not-exportable)"]
]

const bodies = ["files.media", "files.export"] as const

/** What passes: of one request in the middle of a run, and what is said afterwards. */
const passing: ReadonlyArray<readonly [what: string, fault: Fault.Fault]> = [
  ["rateLimitExceeded", Fault.refuse("rateLimitExceeded", { next: 1, after: 2 })],
  ["429", Fault.tooManyRequests({ next: 1, after: 2, retryAfter: "0" })],
  ["500", Fault.refuse("backendError", { next: 2, after: 2 })],
  ["an error page of a proxy", Fault.page({ next: 2, after: 2 })],
  ["401 in a listing", Fault.refuse("authError", { next: 1, after: 1, operations: ["files.list"] })],
  ["401 in a read", Fault.refuse("authError", { next: 1, after: 3, operations: bodies })],
  ["a reset in a listing", Fault.reset({ next: 1, after: 1, operations: ["files.list"] })],
  ["a reset in a body", Fault.resetInBody({ next: 5 })],
  ["a body that ends early", Fault.truncate({ next: 5 })],
  ["a length that is too short", Fault.wrongLength({ next: 1, after: 2, operations: ["files.media"] })],
  ["a length that is too long", Fault.wrongLength({ next: 1, after: 2, by: 3, operations: ["files.media"] })],
  ["a wrong byte", Fault.corrupt({ next: 1, after: 2, operations: ["files.media"] })]
]

/** Of one file, for good. */
const broken: ReadonlyArray<readonly [what: string, fault: (id: string) => Fault.Fault, told: string]> = [
  ["is reset", (id) => Fault.resetInBody({ ids: [id], at: 0 }), "1 rejected (unavailable)"],
  ["ends early", (id) => Fault.truncate({ ids: [id], at: 0 }), "1 rejected (unavailable)"],
  ["is announced as too short", (id) => Fault.wrongLength({ ids: [id] }), "1 rejected (corrupt)"],
  ["is announced as too long", (id) => Fault.wrongLength({ ids: [id], by: 3 }), "1 rejected (corrupt)"],
  ["has a wrong byte", (id) => Fault.corrupt({ ids: [id] }), "1 rejected (corrupt)"]
]

describe("a Drive that fails", () => {
  it.live.each(refusals)("tells what %s of a listing means, and loses nothing by it", ([reason, expected]) =>
    Effect.gen(function* () {
      const { assertWhole, drive, run } = yield* begin
      // The first listing is the check's.
      yield* drive.faults.set([Fault.refuse(reason, { operations: ["files.list"], after: 1 })])
      assert.strictEqual(yield* run(), expected)
      yield* drive.faults.clear
      assert.strictEqual(yield* run(), "complete: 13 created")
      yield* assertWhole
    }).pipe(Effect.scoped)
  )

  it.live.each(refusals)("tells what %s of a file means, and loses nothing by it", ([reason, , expected]) =>
    Effect.gen(function* () {
      const { assertWhole, drive, files, run } = yield* begin
      yield* drive.faults.set([Fault.refuse(reason, { operations: ["files.media"], ids: files.slice(0, 1) })])
      assert.strictEqual(yield* run(), expected)
      yield* drive.faults.clear
      assert.match(yield* run({ sweep: true }), /^complete: (1|13) created$/)
      yield* assertWhole
    }).pipe(Effect.scoped)
  )

  it.live.each(passing)("gets over %s", ([, fault]) =>
    Effect.gen(function* () {
      const { assertWhole, drive, run } = yield* begin
      yield* drive.faults.set([fault])
      assert.match(yield* run(), /^complete: 13 created/)
      assert.isAtLeast(Object.values(yield* drive.faults.struck)[0] ?? 0, 1)
      yield* assertWhole
    }).pipe(Effect.scoped)
  )

  it.live.each(broken)(
    "rejects a file whose body %s again and again, and takes it when it is whole",
    ([, fault, expected]) =>
      Effect.gen(function* () {
        const { assertWhole, drive, files, run } = yield* begin
        yield* drive.faults.set([fault(files[0] ?? "")])
        assert.strictEqual(yield* run(), `complete: 12 created, ${expected}`)
        yield* drive.faults.clear
        assert.strictEqual(yield* run({ sweep: true }), "complete: 1 created")
        yield* assertWhole
      }).pipe(Effect.scoped)
  )

  it.live.each([410, 400] as const)(
    "lists everything again where its changes are no longer known (%s), and says so",
    (status) =>
      Effect.gen(function* () {
        const { assertWhole, drive, files, run } = yield* begin
        yield* run()
        yield* drive.remove(files[0] ?? "")
        yield* drive.rename(files[1] ?? "", "another name.txt")
        yield* drive.expireChanges(status)
        assert.strictEqual(yield* run(), "complete: 0 created, 1 updated, 1 removed, expired")
        yield* assertWhole
      }).pipe(Effect.scoped)
  )

  it.live("stops where access is taken away in the middle, and goes on when it is given back", () =>
    Effect.gen(function* () {
      const { assertWhole, drive, run } = yield* begin
      yield* drive.faults.set([
        Fault.refuse("authError", { after: 6 }),
        Fault.refuseToken("invalid_grant", { after: 1 })
      ])
      assert.strictEqual(yield* run(), "failed: Unauthorized")
      yield* drive.faults.clear
      assert.match(yield* run(), /^complete/)
      yield* assertWhole
    }).pipe(Effect.scoped)
  )
})
