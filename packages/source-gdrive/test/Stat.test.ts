import { assert, describe, it } from "@effect/vitest"
import type { SourceFile } from "@sluice/core"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { Drive, type DriveSource } from "../src/index.ts"
import { reach } from "./bench.ts"
import { google, listed, now, type Options } from "./reading.ts"

type Plant = (
  drive: DriveStandIn.DriveStandIn,
  folder: string
) => Effect.Effect<{ readonly id: string; readonly target?: string }, DriveStandIn.StandInError>

const binary: Plant = (drive, folder) =>
  Effect.map(
    drive.createFile({
      name: "a.txt",
      parents: [folder],
      content: "one",
      description: "A letter",
      properties: { stage: "draft" }
    }),
    (id) => ({ id })
  )

const document: Plant = (drive, folder) =>
  Effect.map(
    drive.createFile({ name: "Memo", mimeType: google("document"), parents: [folder], content: "one" }),
    (id) => ({ id })
  )

const shortcut: Plant = Effect.fnUntraced(function* (drive, folder) {
  const target = yield* drive.createFile({ name: "there.txt", content: "there", description: "A target" })
  return { id: yield* drive.createShortcut(target, { name: "led.txt", parent: folder }), target }
})

const below: Plant = Effect.fnUntraced(function* (drive, folder) {
  return yield* binary(drive, yield* drive.createFolder("b/c", { parents: [folder] }))
})

const everyAttribute: ReadonlyArray<DriveSource.Attribute> = ["description", "properties", "owners", "webViewLink"]

/** What differs of a file, by field, besides when that was; nothing where all is the same. */
const changes = (before: SourceFile.SourceFile, after: SourceFile.SourceFile | undefined) => {
  if (after === undefined) return "gone"
  const fields = (file: SourceFile.SourceFile) =>
    new Map(Object.entries({ ...file, modifiedAt: "" }).map(([key, value]) => [key, JSON.stringify(value)]))
  const [one, other] = [fields(before), fields(after)]
  const keys = new Set([...one.keys(), ...other.keys()])
  return [...keys]
    .filter((key) => one.get(key) !== other.get(key))
    .toSorted()
    .join(" ")
}

type Edit = (
  drive: DriveStandIn.DriveStandIn,
  ids: { readonly id: string; readonly target?: string; readonly folder: string }
) => Effect.Effect<unknown, DriveStandIn.StandInError>

const target = ({ target }: { readonly target?: string }) => target ?? ""

describe("Stat", () => {
  it.live.each([
    ["a file", binary, {}],
    ["a file with attributes", binary, { asked: everyAttribute }],
    ["a file with those who may see it", binary, { asked: ["permissions"] }],
    ["a file in a folder with a slash in its name", below, {}],
    ["a document", document, {}],
    ["a document that is left alone", document, { source: { exports: { document: false } } }],
    ["a shortcut that is followed", shortcut, { asked: everyAttribute }],
    ["a shortcut that is kept", shortcut, { asked: ["description"], source: { shortcuts: "keep" } }],
    ["a shortcut that is skipped", shortcut, { source: { shortcuts: "skip" } }]
  ] as ReadonlyArray<readonly [string, Plant, Options]>)("of %s is what was listed", ([, plant, options]) =>
    Effect.gen(function* () {
      const { drive, file, live, source } = yield* listed(plant, options)
      const after = yield* now(source, file).pipe(Effect.provide(live))
      assert.deepStrictEqual(after, file)
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.live.each([
    ["other bytes", binary, (drive, { id }) => drive.updateContent(id, "other"), "checksum size token"],
    ["another name", binary, (drive, { id }) => drive.rename(id, "b.txt"), "path"],
    ["a name of another kind", binary, (drive, { id }) => drive.rename(id, "b.pdf"), "path"],
    ["another description", binary, (drive, { id }) => drive.update(id, { description: "B" }), "attributes"],
    ["another property", binary, (drive, { id }) => drive.update(id, { properties: { stage: "done" } }), "attributes"],
    ["another name, as a document", document, (drive, { id }) => drive.rename(id, "Note"), "path token"],
    ["the other file changed", shortcut, (drive, ids) => drive.updateContent(target(ids), "other"), "checksum token"],
    ["the other file was renamed", shortcut, (drive, ids) => drive.rename(target(ids), "b.txt"), ""],
    ["the shortcut was renamed", shortcut, (drive, { id }) => drive.rename(id, "b.txt"), "path"],
    ["moved, which is for following to find", below, (drive, { id, folder }) => drive.setParents(id, [folder]), ""],
    ["in the trash, maybe for a while", binary, (drive, { id }) => drive.trash(id), ""],
    ["in the trash with its folder", below, (drive, { folder }) => drive.trash(folder), ""],
    ["the other file is in the trash", shortcut, (drive, ids) => drive.trash(target(ids)), ""],
    ["deleted", binary, (drive, { id }) => drive.remove(id), "gone"],
    ["deleted with its folder", below, (drive, { folder }) => drive.remove(folder), "gone"],
    ["deleted, the shortcut", shortcut, (drive, { id }) => drive.remove(id), "gone"],
    ["deleted, the other file", shortcut, (drive, ids) => drive.remove(target(ids)), "gone"]
  ] as ReadonlyArray<readonly [string, Plant, Edit, string]>)(
    "says what is new of a file: %s",
    ([, plant, edit, expected]) =>
      Effect.gen(function* () {
        const { drive, file, folder, live, planted, source } = yield* listed(plant, { asked: everyAttribute })
        yield* edit(drive, { ...planted, folder })
        assert.strictEqual(changes(file, yield* now(source, file).pipe(Effect.provide(live))), expected)
      })
  )

  it.live.each([
    ["who may see it is not ours to know", { asked: ["permissions"] }, "no-permission"],
    ["it may not be downloaded", {}, "no-download"]
  ] as ReadonlyArray<readonly [string, Options, string]>)(
    "fails of a file that a listing would not hand over now: %s",
    ([, options, code]) =>
      Effect.gen(function* () {
        const { drive, file, planted, source } = yield* listed(binary, options)
        yield* drive.share(planted.id, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
        yield* drive.update(planted.id, { undownloadable: true })
        const error = yield* Effect.flip(now(source, file)).pipe(Effect.provide(Drive.layer(reach(drive))))
        assert.deepStrictEqual([error.reason._tag, error.code, error.stopsRun], ["Denied", code, false])
        assert.match(error.message, /^a\.txt: /)
      })
  )
})
