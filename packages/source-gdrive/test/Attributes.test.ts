import { assert, describe, it } from "@effect/vitest"
import type { Schema } from "effect"
import * as Attributes from "../src/Attributes.ts"
import type { File, LabelField } from "../src/Wire.ts"

const nobody = { users: [], groups: [], domains: [], anyone: false }

const file: File = {
  id: "f1",
  properties: { stage: "draft", author: "ada" },
  appProperties: { run: "7" },
  description: "A letter",
  webViewLink: "https://drive.google.com/file/d/f1/view",
  owners: [{ displayName: "Ada", emailAddress: "ada@example.com", me: true }, { displayName: "Hidden" }],
  permissions: [{ type: "user", emailAddress: "ada@example.com", role: "owner" }],
  labelInfo: {
    labels: [
      { id: "l2" },
      { id: "l1", fields: { topic: { text: ["Ships"] }, amount: { integer: ["9007199254740993"] } } }
    ]
  }
}

const of = (asked: ReadonlyArray<string>, one: File = file) => Attributes.of(one, new Set(asked), [])

describe("Attributes", () => {
  it.each([
    [[], {}],
    [["what nobody has heard of", "resourceKey"], {}],
    [["properties"], { properties: { author: "ada", stage: "draft" } }],
    [["appProperties"], { appProperties: { run: "7" } }],
    [["description"], { description: { text: "A letter" } }],
    [["webViewLink"], { webViewLink: { url: "https://drive.google.com/file/d/f1/view" } }],
    [["owners"], { owners: { emails: ["ada@example.com"], names: ["Ada", "Hidden"] } }],
    [["labels"], { labels: { l1: { amount: "9007199254740993", topic: "Ships" }, l2: {} } }],
    [
      ["permissions"],
      { permissions: { owners: { ...nobody, users: ["ada@example.com"] }, writers: nobody, readers: nobody } }
    ],
    [["description", "appProperties"], { appProperties: { run: "7" }, description: { text: "A letter" } }]
  ] as ReadonlyArray<readonly [ReadonlyArray<string>, object]>)("gives what is asked for: %o", (asked, expected) =>
    assert.deepStrictEqual(of(asked), expected)
  )

  it("gives an empty kind for what a file does not have, so that what was taken away goes", () =>
    assert.deepStrictEqual(
      of(["properties", "appProperties", "description", "webViewLink", "owners", "labels", "permissions"], {
        id: "f1"
      }),
      {
        properties: {},
        appProperties: {},
        description: {},
        webViewLink: {},
        owners: { emails: [], names: [] },
        labels: {},
        permissions: { owners: nobody, writers: nobody, readers: nobody }
      }
    ))

  it.each([
    [{ text: ["one"] }, "one"],
    [{ text: ["one", "two"] }, ["one", "two"]],
    [{ text: [] }, []],
    [{ integer: ["7"] }, "7"],
    [{ dateString: ["2026-01-31"] }, "2026-01-31"],
    [{ selection: ["choice1", "choice2"] }, ["choice1", "choice2"]],
    [{ user: [{ emailAddress: "ada@example.com" }] }, "ada@example.com"],
    [{ user: [{ emailAddress: "ada@example.com" }, { displayName: "Hidden" }] }, ["ada@example.com", ""]],
    [{ valueType: "text" }, []]
  ] as ReadonlyArray<readonly [LabelField, Schema.Json]>)("reads a field of a label: %o, as %o", (field, expected) =>
    assert.deepStrictEqual(of(["labels"], { id: "f1", labelInfo: { labels: [{ id: "l1", fields: { field } }] } }), {
      labels: { l1: { field: expected } }
    })
  )

  it("has the permissions that were asked for by themselves where the file does not name any", () => {
    const asked = new Set(["permissions"])
    const found = Attributes.of({ id: "f1" }, asked, [{ type: "anyone", role: "reader" }])
    assert.deepStrictEqual(found["permissions"]?.["readers"], { ...nobody, anyone: true })
    const own = Attributes.of({ id: "f1", permissions: [] }, asked, [{ type: "anyone", role: "reader" }])
    assert.deepStrictEqual(own["permissions"]?.["readers"], nobody)
  })

  it("is the same text for the same attributes, in whatever order Google names them", () => {
    const reversed: File = {
      id: "f1",
      properties: { author: "ada", stage: "draft" },
      labelInfo: {
        labels: [
          { id: "l1", fields: { amount: { integer: ["9007199254740993"] }, topic: { text: ["Ships"] } } },
          { id: "l2" }
        ]
      }
    }
    const asked = ["properties", "labels"]
    assert.strictEqual(JSON.stringify(of(asked, reversed)), JSON.stringify(of(asked.toReversed())))
  })

  it.each([
    ["no key", { id: "f1" }, { id: "f1" }, undefined],
    ["the file's key", { id: "f1", resourceKey: "own" }, { id: "f1", resourceKey: "own" }, "own"],
    [
      "the key that the shortcut names",
      { id: "s1", resourceKey: "shortcut's", shortcutDetails: { targetId: "f1", targetResourceKey: "named" } },
      { id: "f1", resourceKey: "own" },
      "named"
    ],
    [
      "the target's key where the shortcut names none",
      { id: "s1", resourceKey: "shortcut's", shortcutDetails: { targetId: "f1" } },
      { id: "f1", resourceKey: "own" },
      "own"
    ]
  ] as ReadonlyArray<readonly [string, File, File, string | undefined]>)(
    "hands on %s with the file",
    (_, entry, content, expected) => {
      const attributes = Attributes.keyOf(entry, content)
      assert.deepStrictEqual(attributes, expected === undefined ? {} : { resourceKey: { value: expected } })
      const listed = { id: "f1", token: "t", uri: "u", path: "p", mimeType: "text/plain", attributes }
      assert.strictEqual(Attributes.resourceKeyOf(listed), expected)
    }
  )
})
