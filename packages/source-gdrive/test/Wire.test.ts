import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import * as Wire from "../src/Wire.ts"

const file = Wire.decoder(Wire.File)
const files = Wire.decoder(Wire.FileList)
const changes = Wire.decoder(Wire.ChangeList)

describe("Wire", () => {
  it.effect("reads a file as Google writes it", () =>
    Effect.gen(function* () {
      const read = yield* file({
        kind: "drive#file",
        id: "f1",
        name: "a.pdf",
        mimeType: "application/pdf",
        parents: ["p1"],
        size: "5000000000",
        version: "9007199254740993",
        modifiedTime: "2026-01-02T03:04:05.678Z",
        properties: { colour: "blue" },
        owners: [{ kind: "drive#user", displayName: "Ada", me: true, emailAddress: "ada@example.com" }],
        shortcutDetails: { targetId: "f2", targetMimeType: "image/png" },
        capabilities: { canDownload: false, canEdit: true },
        labelInfo: { labels: [{ id: "l1", fields: { x: { id: "x", valueType: "integer", integer: ["7"] } } }] }
      })
      assert.strictEqual(read.size, 5_000_000_000)
      assert.strictEqual(read.version, "9007199254740993")
      assert.strictEqual(read.modifiedTime && DateTime.formatIso(read.modifiedTime), "2026-01-02T03:04:05.678Z")
      assert.deepStrictEqual(read.owners, [{ displayName: "Ada", me: true, emailAddress: "ada@example.com" }])
      assert.deepStrictEqual(read.capabilities, { canDownload: false })
      assert.deepStrictEqual(read.labelInfo?.labels?.[0]?.fields?.["x"]?.integer, ["7"])
      assert.notProperty(read, "kind")
    })
  )

  it.effect("takes null for what is not there, at any depth", () =>
    Effect.gen(function* () {
      const read = yield* files({
        nextPageToken: null,
        files: [{ id: "f1", name: null, size: null, owners: [{ emailAddress: null, me: true }], capabilities: null }]
      })
      assert.deepStrictEqual(read, { files: [{ id: "f1", owners: [{ me: true }] }] })
    })
  )

  it.effect("takes a missing list for an empty one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* files({}), { files: [] })
      assert.deepStrictEqual(yield* changes({ newStartPageToken: "7" }), { changes: [], newStartPageToken: "7" })
      assert.deepStrictEqual((yield* changes({ changes: [{ removed: true, fileId: "f1", file: null }] })).changes, [
        { removed: true, fileId: "f1" }
      ])
    })
  )

  it.effect.each([
    ["a file without id", { name: "x" }],
    ["a size that is a number", { id: "f1", size: 7 }],
    ["a size that is none", { id: "f1", size: "many" }],
    ["half a byte", { id: "f1", size: "0.5" }],
    ["less than nothing", { id: "f1", size: "-1" }],
    ["more than can be counted", { id: "f1", size: "9223372036854775807" }],
    ["a time that is none", { id: "f1", modifiedTime: "yesterday" }],
    ["a name that is a number", { id: "f1", name: 7 }],
    ["parents that are no list", { id: "f1", parents: "p1" }],
    ["a page", "<html>Welcome</html>"]
  ] as const)("does not read %s", ([, answer]) =>
    Effect.map(Effect.exit(file(answer)), (exit) => assert.isTrue(exit._tag === "Failure"))
  )

  it.prop("leaves out what is null and nothing else", { json: Schema.Json }, ({ json }) => {
    const answer: unknown = JSON.parse(JSON.stringify(json))
    // JSON's own way to leave a value out; items of lists have to stay.
    const expected: unknown = JSON.parse(
      JSON.stringify(answer, (_, value: unknown) =>
        value !== null && typeof value === "object" && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
          : value
      )
    )
    assert.deepStrictEqual(Wire.withoutNulls(answer), expected)
  })

  it("gives an answer without nulls back as it is", () => {
    const answer = { files: [{ id: "f1" }, { id: "f2", parents: ["p1"] }] }
    assert.strictEqual(Wire.withoutNulls(answer), answer)
  })
})
