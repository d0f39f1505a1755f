import { assert, describe, it } from "@effect/vitest"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Clock, Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Readable } from "node:stream"
import { Drive, DriveSource } from "../src/index.ts"
import { until } from "./bench.ts"
import type * as Wire from "../src/Wire.ts"
import { asked, bytesOf, google, listed, type Options, refusalOf } from "./reading.ts"

const pdf = "application/pdf"
const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/** More than Google exports in one step. */
const large = 11_000_000

/** A native document. */
const document = (file: Partial<DriveStandIn.NewFile> = {}, options: Options = {}) =>
  listed(
    (drive, folder) =>
      drive.createFile({
        name: "Letter",
        mimeType: google("document"),
        content: "Dear Ada",
        ...file,
        parents: [folder]
      }),
    options
  )

/** A client that answers some requests otherwise. */
const butFor = <E>(
  live: Layer.Layer<Drive, E>,
  requests: (drive: Drive["Service"]) => Partial<Drive["Service"]>
): Layer.Layer<Drive, E> =>
  Layer.effect(
    Drive,
    Effect.map(Drive, (drive) => Drive.of({ ...drive, ...requests(drive) }))
  ).pipe(Layer.provide(live))

/** An answer with these bytes. */
const answer = (...chunks: ReadonlyArray<Uint8Array>) =>
  Effect.sync(() => ({ status: 200, headers: new Headers(), stream: Readable.from(chunks) }))

const byHand = "Export it by hand, divide it, or choose another format (`exports`)"

/** That it is what it was when it was listed. */
const since = { "files.get": 1 }
const inOneStep = { ...since, "files.export": 1 }
const byLink = { "files.get": 2, "files.export": 1, exportLink: 1 }

/** Google has prepared what is asked for when it is asked. */
const atOnce: Options = { server: { downloadPolls: 0 } }

describe("Export", () => {
  it.live.each([
    ["document", pdf],
    ["spreadsheet", xlsx],
    ["presentation", pdf],
    ["drawing", "image/png"],
    ["script", google("script+json")]
  ] as const)("gives a %s, small or large, as %s", ([kind, format]) =>
    Effect.gen(function* () {
      for (const [size, requests] of [
        [100_000, inOneStep],
        [large, byLink]
      ] as const) {
        const { drive, file, live, planted, source } = yield* document({ mimeType: google(kind), content: { size } })
        const bytes = yield* bytesOf(source, file).pipe(Effect.provide(live))
        assert.isTrue(bytes.equals(yield* drive.bytes(planted, format)))
        assert.deepStrictEqual(yield* asked(drive), requests)
        assert.deepStrictEqual(yield* drive.violations, [])
      }
    })
  )

  it.live("gives another format where one is named", () =>
    Effect.gen(function* () {
      const exports = { document: "text/markdown" }
      const { drive, file, live, planted, source } = yield* document({ content: { size: 9 } }, { source: { exports } })
      const bytes = yield* bytesOf(source, file).pipe(Effect.provide(live))
      assert.isTrue(bytes.equals(yield* drive.bytes(planted, "text/markdown")))
      assert.strictEqual(file.path, "Letter.md")
    })
  )

  it.live("gives nothing of an empty document", () =>
    Effect.gen(function* () {
      const { file, live, source } = yield* document({ content: "" })
      assert.strictEqual((yield* bytesOf(source, file).pipe(Effect.provide(live))).length, 0)
    })
  )

  it.live("gives the document that a shortcut leads to", () =>
    Effect.gen(function* () {
      const { file, live, source } = yield* listed(
        Effect.fnUntraced(function* (drive, folder) {
          const target = yield* drive.createFile({ name: "t", mimeType: google("document"), content: "Dear Ada" })
          yield* drive.createShortcut(target, { name: "led", parent: folder })
        })
      )
      assert.strictEqual(file.path, "led.pdf")
      assert.strictEqual(String(yield* bytesOf(source, file).pipe(Effect.provide(live))), "Dear Ada")
    })
  )

  const links = Fault.refuse("insufficientFilePermissions", { operations: ["exportLink"] })

  it.live.each([
    ["refused", links],
    ["no more", Fault.page({ operations: ["exportLink"], status: 410 })]
  ] as const)("has Google prepare a large one whose address is %s", ([, fault]) =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document({ content: { size: large } }, atOnce)
      yield* drive.faults.set([fault])
      const bytes = yield* bytesOf(source, file).pipe(Effect.provide(live))
      assert.isTrue(bytes.equals(yield* drive.bytes(planted, pdf)))
      assert.deepStrictEqual(yield* asked(drive), { ...byLink, "files.download": 1, download: 1 })
    })
  )

  it.live("has Google prepare one that is larger than it should be", () =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document()
      const endless = answer(...Array.from({ length: 12 }, () => Buffer.alloc(1024 * 1024)))
      const bytes = yield* bytesOf(source, file).pipe(
        Effect.provide(butFor(live, () => ({ exportFile: () => endless })))
      )
      assert.isTrue(bytes.equals(yield* drive.bytes(planted, pdf)))
      assert.deepStrictEqual(yield* asked(drive), { "files.get": 2, exportLink: 1 })
    })
  )

  it.live.each([
    [
      "Google prepares none either",
      [links, Fault.refuse("exportSizeLimitExceeded", { operations: ["files.download"] })],
      {},
      "file ID is too large to be exported: Google exports 10 MB at most"
    ],
    ["Google says why not", [links], { error: { code: 3, message: "Too many pages." } }, "Too many pages."],
    ["Google does not say why", [links], {}, "Google offers no download of it"]
  ] as const)("is too large where %s, and says what to do", ([, faults, ended, why]) =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document({ content: { size: large } })
      yield* drive.faults.set(faults)
      const startDownload = () => Effect.succeed({ name: "operation", done: true, ...ended })
      const client = faults.length > 1 ? live : butFor(live, () => ({ startDownload }))
      assert.deepStrictEqual(yield* refusalOf(source, file).pipe(Effect.provide(client)), [
        "Denied",
        "export-too-large",
        `Letter.pdf: cannot be exported as application/pdf: ${why.replace("ID", planted)}. ${byHand}`
      ])
    })
  )

  it.live("is not exported where Google exports no such kind, whichever way is tried", () =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* document(
        { name: "Board", mimeType: google("jam") },
        { source: { exports: { jam: pdf } } }
      )
      const [reason, code, message] = yield* refusalOf(source, file).pipe(Effect.provide(live))
      assert.deepStrictEqual([reason, code], ["Denied", "export-unsupported"])
      assert.match(message, /^Board\.pdf: cannot be exported as application\/pdf: .*\. Export it by hand/)
      assert.deepStrictEqual(yield* asked(drive), { "files.get": 2, "files.export": 1, "files.download": 1 })
    })
  )

  it.live.each([
    ["it may be seen and not downloaded", "cannotDownloadFile", "Denied", "cannot-download"],
    ["it was downloaded too often", "downloadQuotaExceeded", "Denied", "download-quota"],
    ["it is gone", "notFound", "Gone", undefined],
    ["there is no access", "authError", "Unauthorized", undefined],
    ["the scope does not cover it", "insufficientPermissions", "Unauthorized", undefined]
  ] as const)("is tried in no other way where %s", ([, reason, expected, code]) =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* document()
      yield* drive.faults.set([Fault.refuse(reason, { operations: ["files.export"] })])
      const refusal = yield* refusalOf(source, file).pipe(Effect.provide(live))
      assert.deepStrictEqual(refusal.slice(0, 2), [expected, code])
      assert.hasAllKeys(yield* asked(drive), ["files.get", "files.export"])
    })
  )

  it.live.each([
    [
      "other content",
      (drive, id) => drive.updateContent(id, "Dear Bob"),
      "Changed",
      "is no longer in the state it was listed in"
    ],
    [
      "another name, which counts as a version",
      (drive, id) => drive.rename(id, "Note"),
      "Changed",
      "is no longer in the state it was listed in"
    ],
    ["no content at all", (drive, id) => drive.remove(id), "Gone", "is no longer there"]
  ] as ReadonlyArray<
    readonly [
      string,
      (drive: DriveStandIn.DriveStandIn, id: string) => Effect.Effect<void, DriveStandIn.StandInError>,
      "Changed" | "Gone",
      string
    ]
  >)("is not exported where it has %s since it was listed", ([, edit, reason, said]) =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document()
      yield* edit(drive, planted)
      assert.deepStrictEqual(yield* refusalOf(source, file).pipe(Effect.provide(live)), [
        reason,
        undefined,
        `Letter.pdf: ${said}`
      ])
      assert.deepStrictEqual(yield* asked(drive), since)
    })
  )

  it.live("is another file where another format is asked for than it was listed in", () =>
    Effect.gen(function* () {
      const { file, live } = yield* document()
      const other = DriveSource.make({ from: "my-drive", exports: { document: "text/plain" } })
      const [reason] = yield* refusalOf(other, file).pipe(Effect.provide(live))
      assert.strictEqual(reason, "Changed")
    })
  )

  it.live.each([
    ["reset", Fault.resetInBody],
    ["cut short", Fault.truncate]
  ] as const)("begins again where a small one is %s, and is given up where it always is", ([, fault]) =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document({ content: { size: 300_000 } })
      yield* drive.faults.set([fault({ next: 2 })])
      const bytes = yield* bytesOf(source, file).pipe(Effect.provide(live))
      assert.isTrue(bytes.equals(yield* drive.bytes(planted, pdf)))
      assert.deepStrictEqual(yield* asked(drive), { ...since, "files.export": 3 })
      yield* drive.faults.set([fault()])
      assert.deepStrictEqual(yield* refusalOf(source, file).pipe(Effect.provide(live)), [
        "Unavailable",
        undefined,
        "Letter.pdf: its export does not arrive, also after several attempts"
      ])
    })
  )

  it.live.each([
    ["resumed", { partialDownloads: true, downloadPolls: 0 }, undefined],
    [
      "given up, where Google gives no ranges",
      { partialDownloads: false, downloadPolls: 0 },
      /^Letter\.pdf: the connection broke after \d+ bytes/
    ]
  ] as const)("that is prepared and breaks is %s", ([, server, said]) =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document({ content: { size: large } }, { server })
      yield* drive.faults.set([links, Fault.resetInBody({ next: 1, operations: ["download"] })])
      const read = bytesOf(source, file).pipe(Effect.provide(live))
      if (said === undefined) assert.isTrue((yield* read).equals(yield* drive.bytes(planted, pdf)))
      else {
        const [reason, , message] = yield* refusalOf(source, file).pipe(Effect.provide(live))
        assert.strictEqual(reason, "Unavailable")
        assert.match(message, said)
      }
    })
  )

  it.live("by its address begins again where it breaks at the start, and is given up where it breaks later", () =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document({ content: { size: large } })
      yield* drive.faults.set([Fault.resetInBody({ next: 1, at: 0, operations: ["exportLink"] })])
      const bytes = yield* bytesOf(source, file).pipe(Effect.provide(live))
      assert.isTrue(bytes.equals(yield* drive.bytes(planted, pdf)))
      yield* drive.faults.set([Fault.resetInBody({ next: 1, operations: ["exportLink"] })])
      const [reason, , message] = yield* refusalOf(source, file).pipe(Effect.provide(live))
      assert.strictEqual(reason, "Unavailable")
      assert.match(message, /^Letter\.pdf: the connection broke after \d+ bytes.*read it again$/)
    })
  )

  it.effect("asks whether it is prepared, less and less often, and gives up after ten minutes", () =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* document({ content: { size: large } }, atOnce)
      yield* drive.faults.set([links])
      for (const needed of [3, Number.POSITIVE_INFINITY]) {
        const started = yield* Deferred.make<Wire.Operation>()
        const questions: Array<number> = []
        const slow = butFor(live, ({ startDownload }) => ({
          startDownload: (...which) =>
            startDownload(...which).pipe(
              Effect.tap((operation) => Deferred.succeed(started, operation)),
              Effect.map(({ name }) => ({ name }))
            ),
          getOperation: (name) =>
            Effect.gen(function* () {
              const before = yield* Clock.currentTimeMillis
              questions.push((before - begun) / 1000)
              return questions.length < needed ? { name } : yield* Deferred.await(started)
            })
        }))
        const begun = yield* Clock.currentTimeMillis
        const fiber = yield* bytesOf(source, file).pipe(
          Effect.provide(slow),
          Effect.forkChild({ startImmediately: true })
        )
        yield* until(Deferred.isDone(started))
        if (needed === 3) {
          yield* TestClock.adjust("6 seconds")
          assert.deepStrictEqual(questions, [1, 3, 6])
          assert.isTrue((yield* Fiber.join(fiber)).equals(yield* drive.bytes(planted, pdf)))
        } else {
          yield* TestClock.adjust("599 seconds")
          assert.isUndefined(fiber.pollUnsafe())
          assert.isBelow(questions.length, 40)
          yield* TestClock.adjust("1 second")
          const { code, message, reason } = yield* Effect.flip(Fiber.join(fiber))
          assert.deepStrictEqual(
            [reason._tag, code, message],
            [
              "Denied",
              "export-too-large",
              `Letter.pdf: cannot be exported as application/pdf: Google did not prepare it in 10m. ${byHand}`
            ]
          )
        }
      }
    })
  )

  it.effect("is given up where it does not become whole in five minutes", () =>
    Effect.gen(function* () {
      const { file, live, source } = yield* document()
      const begun = yield* Deferred.make<void>()
      const endless = butFor(live, () => ({
        exportFile: () => Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
      }))
      const fiber = yield* Effect.flip(bytesOf(source, file)).pipe(
        Effect.provide(endless),
        Effect.forkChild({ startImmediately: true })
      )
      yield* until(Deferred.isDone(begun))
      yield* TestClock.adjust("299 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const { cause, message, reason } = yield* Fiber.join(fiber)
      assert.strictEqual(reason._tag, "Unavailable")
      assert.strictEqual(message, "Letter.pdf: its export does not arrive, also after several attempts")
      assert.strictEqual(cause, "not whole after 5m")
    })
  )
})
