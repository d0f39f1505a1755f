import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as DriveUri from "../src/DriveUri.ts"

const id = "1AbC_d-9"

describe("DriveUri", () => {
  it.each([
    ["an id", id, { id }],
    ["the top of the account's drive", "root", { id: "root" }],
    ["a folder", `https://drive.google.com/drive/folders/${id}`, { id }],
    ["a folder, of the second account", `https://drive.google.com/drive/u/1/folders/${id}`, { id }],
    ["a folder that is shared", `https://drive.google.com/drive/folders/${id}?usp=sharing`, { id }],
    [
      "a folder that needs a key",
      `https://drive.google.com/drive/folders/${id}?resourcekey=0-k_-Y&usp=sharing`,
      { id, resourceKey: "0-k_-Y" }
    ],
    ["a file", `https://drive.google.com/file/d/${id}/view`, { id }],
    ["a file that needs a key", `https://drive.google.com/file/d/${id}/view?resourcekey=k`, { id, resourceKey: "k" }],
    ["a file by query", `https://drive.google.com/open?id=${id}`, { id }],
    ["a download", `https://drive.google.com/uc?export=download&id=${id}`, { id }],
    ["a document", `https://docs.google.com/document/d/${id}/edit#heading=h.1`, { id }],
    ["a document of a domain", `https://docs.google.com/a/example.com/document/d/${id}/edit`, { id }],
    ["a spreadsheet, of the first account", `https://docs.google.com/spreadsheets/u/0/d/${id}/edit?gid=0`, { id }],
    ["a script", `https://script.google.com/d/${id}/edit`, { id }]
  ] as const)("reads %s", (_, text, expected) => assert.deepStrictEqual(DriveUri.parse(text), expected))

  it.each([
    ["nothing", ""],
    ["what is too short for an id", "abc"],
    ["a name", "Holiday pictures"],
    ["a name with an extension", "letter.pdf"],
    ["a path", "folders/1AbC_d-9"],
    ["a view that is no folder", "https://drive.google.com/drive/my-drive"],
    ["a published document, whose address has another id", "https://docs.google.com/document/d/e/2PACX-1vT/pub"],
    ["an address with an empty id", "https://drive.google.com/open?id="],
    ["an address with an id that is none", "https://drive.google.com/open?id=a%20b%20c"],
    ["an address of somebody else", `https://drive.example.com/drive/folders/${id}`],
    ["an address that begins like Google's", `https://drive.google.com.example.com/drive/folders/${id}`],
    ["an address that ends like Google's", `https://drivegoogle.com/drive/folders/${id}`]
  ])("takes %s for neither an id nor an address", (_, text) => assert.isUndefined(DriveUri.parse(text)))

  it("names a file by its id alone", () => {
    assert.strictEqual(DriveUri.canonical(id), `https://drive.google.com/open?id=${id}`)
    assert.strictEqual(DriveUri.canonical("a b&c"), "https://drive.google.com/open?id=a%20b%26c")
  })

  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"]
  const ids = Arbitrary.map(
    Arbitrary.schema(Schema.Array(Schema.Literals(letters)).check(Schema.isMinLength(4), Schema.isMaxLength(44))),
    (all) => all.join("")
  )

  it.prop("reads what it names", { text: ids }, ({ text }) => {
    assert.deepStrictEqual(DriveUri.parse(text), { id: text })
    assert.deepStrictEqual(DriveUri.parse(DriveUri.canonical(text)), { id: text })
  })
})
