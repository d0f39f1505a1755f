import { assert, describe, it } from "@effect/vitest"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, Stream } from "effect"
import { Drive, DriveSource } from "../src/index.ts"
import { reach } from "./bench.ts"
import { asked, bytesOf, listed, type Options, refusalOf, withoutChecksum } from "./reading.ts"

const body = Buffer.alloc(700_001, "sluice ")

/** A file with bytes of its own. */
const binary = (file: Partial<DriveStandIn.NewFile> = {}, options: Options = {}) =>
  listed((drive, folder) => drive.createFile({ name: "a.bin", content: body, ...file, parents: [folder] }), options)

/** Statuses of the answers that held bytes: 206 where it was a part of them. */
const statuses = (drive: DriveStandIn.DriveStandIn) =>
  Effect.map(drive.requests, (all) =>
    all.flatMap(({ operation, status }) => (operation === "files.media" ? [status] : []))
  )

const mismatch =
  "the bytes read do not match the sha256 that Google Drive keeps of it: read it again, and if it stays so, restore it from a backup"

describe("Read", () => {
  it.live.each([
    ["large", body],
    ["small", Buffer.from("hello")],
    ["empty", Buffer.from("")]
  ] as const)("gives all bytes of a file that is %s, with one request", ([, content]) =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* binary({ content })
      assert.isTrue((yield* bytesOf(source, file).pipe(Effect.provide(live))).equals(content))
      assert.deepStrictEqual(yield* asked(drive), { "files.media": 1 })
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.live.each([
    ["reset", Fault.resetInBody],
    ["cut short", Fault.truncate]
  ] as const)("resumes a body that is %s where it broke", ([, fault]) =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* binary()
      yield* drive.faults.set([fault({ next: 3 })])
      assert.isTrue((yield* bytesOf(source, file).pipe(Effect.provide(live))).equals(body))
      assert.deepStrictEqual(yield* statuses(drive), [200, 206, 206, 206])
    })
  )

  it.live.each([
    [
      "whose bytes do not come",
      Fault.resetInBody({ at: 0 }),
      "Unavailable",
      /given up after \d+ connections, 0 of 700001 bytes/
    ],
    ["with a wrong byte", Fault.corrupt(), "Corrupt", new RegExp(mismatch)],
    [
      "of another length",
      Fault.wrongLength({ by: -1 }),
      "Corrupt",
      /^a\.bin: Google Drive announces 700000 bytes, its listing said 700001$/
    ],
    [
      "that Google refuses to give",
      Fault.refuse("downloadQuotaExceeded", { operations: ["files.media"] }),
      "Denied",
      /too often/
    ],
    [
      "that is no longer there",
      Fault.refuse("notFound", { operations: ["files.media"] }),
      "Gone",
      /is no longer there/
    ],
    [
      "for which there is no access",
      Fault.refuse("authError", { operations: ["files.media"] }),
      "Unauthorized",
      /access token/
    ]
  ] as const)("gives up a file %s", ([, fault, expected, said]) =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* binary()
      yield* drive.faults.set([fault])
      const [reason, , message] = yield* refusalOf(source, file).pipe(Effect.provide(live))
      assert.strictEqual(reason, expected)
      assert.match(message, said)
    })
  )

  it.live.each([
    ["other bytes", (drive, id) => drive.updateContent(id, "other"), "Changed"],
    ["other bytes of the same length", (drive, id) => drive.updateContent(id, Buffer.alloc(700_001, "x")), "Changed"],
    ["another name", (drive, id) => drive.rename(id, "b.bin"), undefined],
    ["another folder", (drive, id) => drive.setParents(id, ["root"]), undefined],
    ["a place in the trash", (drive, id) => drive.trash(id), undefined],
    ["no place at all", (drive, id) => drive.remove(id), "Gone"]
  ] as ReadonlyArray<
    readonly [
      string,
      (drive: DriveStandIn.DriveStandIn, id: string) => Effect.Effect<void, DriveStandIn.StandInError>,
      string | undefined
    ]
  >)(
    "reads what was listed or nothing, with a checksum or without one, where the file now has %s",
    ([, edit, expected]) =>
      Effect.gen(function* () {
        const { drive, file, live, planted, source } = yield* binary()
        yield* edit(drive, planted)
        for (const one of [file, withoutChecksum(file)]) {
          const read = bytesOf(source, one).pipe(Effect.provide(live))
          if (expected === undefined) assert.isTrue((yield* read).equals(body))
          else assert.strictEqual((yield* Effect.flip(read)).reason._tag, expected)
        }
      })
  )

  it.live("asks first what a file without a checksum is now, since nothing tells afterwards", () =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* binary()
      const bytes = yield* bytesOf(source, withoutChecksum(file)).pipe(Effect.provide(live))
      assert.isTrue(bytes.equals(body))
      assert.deepStrictEqual(yield* asked(drive), { "files.get": 1, "files.media": 1 })
    })
  )

  it.live("finds that a file changed while it was read, and that it is gone", () =>
    Effect.gen(function* () {
      for (const [edit, expected] of [
        ["updateContent", "Changed"],
        ["remove", "Gone"]
      ] as const) {
        const { drive, file, live, planted, source } = yield* binary()
        yield* drive.faults.set([Fault.resetInBody({ next: 1 })])
        let seen = 0
        const meanwhile =
          edit === "remove" ? drive.remove(planted) : drive.updateContent(planted, Buffer.alloc(700_001))
        const error = yield* source.read(file).pipe(
          Stream.tap(() => (seen++ === 0 ? meanwhile : Effect.void)),
          Stream.runDrain,
          Effect.flip,
          Effect.provide(live)
        )
        assert.strictEqual("reason" in error ? error.reason._tag : error._tag, expected)
      }
    })
  )

  it.live("reads what Google holds to be malware where that is acknowledged, and says how to", () =>
    Effect.gen(function* () {
      const { file, live, planted, source } = yield* binary({ abusive: true })
      assert.deepStrictEqual(yield* refusalOf(source, file).pipe(Effect.provide(live)), [
        "Denied",
        "abusive",
        `Google holds file ${planted} to be malware or spam: acknowledge it to read it nevertheless (\`acknowledgeAbuse\`)`
      ])
      const acknowledging = DriveSource.make({ from: "my-drive", acknowledgeAbuse: true })
      assert.isTrue((yield* bytesOf(acknowledging, file).pipe(Effect.provide(live))).equals(body))
    })
  )

  it.live("says of a file that may be seen and not downloaded that it is of that file alone", () =>
    Effect.gen(function* () {
      const { drive, file, source } = yield* binary({ undownloadable: true })
      yield* drive.share(file.id, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const asReader = Drive.layer(reach(drive))
      const error = yield* Effect.flip(bytesOf(source, file)).pipe(Effect.provide(asReader))
      assert.deepStrictEqual([error.reason._tag, error.code, error.stopsRun], ["Denied", "cannot-download", false])
    })
  )

  it.live("reads the file that a shortcut leads to, and finds that it changed or is gone", () =>
    Effect.gen(function* () {
      const { drive, file, live, planted, source } = yield* listed(
        Effect.fnUntraced(function* (drive, folder) {
          const target = yield* drive.createFile({ name: "there.txt", content: "there" })
          yield* drive.createShortcut(target, { name: "led.txt", parent: folder })
          return target
        })
      )
      const read = bytesOf(source, file).pipe(Effect.provide(live))
      assert.strictEqual(String(yield* read), "there")
      yield* drive.updateContent(planted, "other")
      assert.strictEqual((yield* Effect.flip(read)).reason._tag, "Changed")
      yield* drive.trash(planted)
      yield* drive.remove(planted)
      assert.strictEqual((yield* Effect.flip(read)).reason._tag, "Gone")
    })
  )

  it.live("reads nothing of a shortcut that is taken as itself", () =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* listed(
        (drive, folder) => drive.createShortcut("nobody", { name: "led.txt", parent: folder }),
        { source: { shortcuts: "keep" } }
      )
      assert.deepStrictEqual(yield* refusalOf(source, file).pipe(Effect.provide(live)), [
        "NoContent",
        "shortcut",
        "led.txt: a shortcut has no content of its own"
      ])
      assert.deepStrictEqual(yield* asked(drive), {})
    })
  )

  it.live("opens what is shared by link with the key that was listed", () =>
    Effect.gen(function* () {
      const { file, live, source } = yield* listed(
        Effect.fnUntraced(function* (drive, folder) {
          const [, bob = ""] = drive.accounts
          const target = yield* drive.createFile({ name: "t", content: "keyed", owner: bob, demandsResourceKey: true })
          yield* drive.share(target, { type: "anyone", role: "reader" })
          yield* drive.createShortcut(target, { name: "led.txt", parent: folder })
        })
      )
      assert.strictEqual(String(yield* bytesOf(source, file).pipe(Effect.provide(live))), "keyed")
      const error = yield* Effect.flip(bytesOf(source, { ...file, attributes: {} })).pipe(Effect.provide(live))
      assert.strictEqual(error.reason._tag, "Gone")
    })
  )
})
