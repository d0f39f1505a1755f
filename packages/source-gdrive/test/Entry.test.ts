import { assert, describe, it } from "@effect/vitest"
import { SourceFile } from "@sluice/core"
import { DateTime, Schema } from "effect"
import * as Entry from "../src/Entry.ts"
import { fromOptions, type Options } from "../src/Settings.ts"
import type { File } from "../src/Wire.ts"

const google = (kind: string) => `application/vnd.google-apps.${kind}`
const uri = (id: string) => `https://drive.google.com/open?id=${id}`

const settings = (options: Partial<Options> = {}) => fromOptions({ from: "my-drive", ...options })

const below: Entry.Location = { path: "a/b", within: "d1", depth: 0 }

const letter: File = {
  id: "f1",
  name: "letter.pdf",
  mimeType: "application/pdf",
  size: 11,
  md5Checksum: "5eb63bbbe01eeed093cb22bb8f5acdc3",
  sha256Checksum: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
  headRevisionId: "r1",
  version: "7",
  modifiedTime: DateTime.makeUnsafe("2026-01-31T12:00:00Z")
}
const memo: File = { id: "g1", name: "Memo", mimeType: google("document"), version: "9", size: 1024 }

const described = (content: File, entry = content): Entry.Described => ({
  entry,
  content,
  location: below,
  attributes: {}
})

const file = (content: File, options: Partial<Options> = {}) => Entry.toFile(settings(options), described(content))

const said = (content: File, options: Partial<Options> = {}) => {
  const change = Entry.toChange(settings(options), described(content))
  return change._tag === "Upsert" ? `Upsert ${change.file.path}` : `${change._tag} ${change.reason.code}`
}

describe("Entry", () => {
  it("is a file with bytes", () =>
    assert.deepStrictEqual(file(letter), {
      id: "f1",
      token: "md5:5eb63bbbe01eeed093cb22bb8f5acdc3",
      uri: uri("f1"),
      path: "a/b/letter.pdf",
      mimeType: "application/pdf",
      size: 11,
      modifiedAt: DateTime.makeUnsafe("2026-01-31T12:00:00Z"),
      checksum: { algorithm: "sha256", value: letter.sha256Checksum ?? "" },
      within: "d1",
      attributes: {}
    }))

  it("is a document by the name and the type of what it is exported as, of no size that is known", () =>
    assert.deepStrictEqual(file(memo), {
      id: "g1",
      token: "version:9:application/pdf",
      uri: uri("g1"),
      path: "a/b/Memo.pdf",
      mimeType: "application/pdf",
      within: "d1",
      attributes: {}
    }))

  it("is a shortcut's by id and name, and the other file's by content", () => {
    const shortcut: File = {
      id: "s1",
      name: "my letter",
      mimeType: google("shortcut"),
      version: "1",
      modifiedTime: DateTime.makeUnsafe("2020-01-01T00:00:00Z"),
      shortcutDetails: { targetId: "f1", targetResourceKey: "key" }
    }
    assert.deepStrictEqual(Entry.toFile(settings(), described(letter, shortcut)), {
      ...file(letter),
      id: "s1",
      uri: uri("s1"),
      path: "a/b/my letter",
      target: { id: "f1", uri: uri("f1") },
      attributes: { resourceKey: { value: "key" } }
    })
    assert.deepStrictEqual(Entry.toFile(settings(), described(memo, shortcut)), {
      ...file(memo),
      id: "s1",
      uri: uri("s1"),
      path: "a/b/my letter.pdf",
      target: { id: "g1", uri: uri("g1") },
      attributes: { resourceKey: { value: "key" } }
    })
  })

  it("is a shortcut itself, where that is what is taken", () => {
    const shortcut: File = {
      id: "s1",
      name: "my letter",
      mimeType: google("shortcut"),
      version: "1",
      shortcutDetails: { targetId: "f1" }
    }
    const itself = {
      id: "s1",
      token: "shortcut:f1",
      uri: uri("s1"),
      path: "a/b/my letter",
      mimeType: google("shortcut"),
      size: 0,
      within: "d1",
      attributes: {}
    }
    assert.deepStrictEqual(Entry.shortcutItself(settings(), described(shortcut)), {
      ...itself,
      target: { id: "f1", uri: uri("f1") }
    })
    const { shortcutDetails: _, ...lost } = shortcut
    assert.deepStrictEqual(Entry.shortcutItself(settings(), described(lost)), { ...itself, token: "shortcut:" })
  })

  const { headRevisionId: _1, md5Checksum: _2, sha256Checksum: _3, version: _4, ...bare } = letter

  it.each([
    ["its MD5", letter, {}, `md5:${letter.md5Checksum}`],
    ["its SHA-256", { ...bare, sha256Checksum: "b94d", headRevisionId: "r1" }, {}, "sha256:b94d"],
    ["its revision", { ...bare, headRevisionId: "r1", version: "7" }, {}, "revision:r1"],
    ["its version", { ...bare, version: "7" }, {}, "version:7"],
    ["nothing", bare, {}, "version:"],
    ["version and format, of a document", memo, {}, "version:9:application/pdf"],
    [
      "version and format, of one that has a checksum",
      { ...memo, md5Checksum: "5eb6" },
      {},
      "version:9:application/pdf"
    ],
    ["another format", memo, { exports: { document: "text/plain" } }, "version:9:text/plain"],
    ["its version, of a document that is left alone", memo, { exports: { document: false } }, "version:9"]
  ] as ReadonlyArray<readonly [string, File, Partial<Options>, string]>)(
    "is in another state when that differs: %s",
    (_, content, options, expected) => assert.strictEqual(file(content, options).token, expected)
  )

  it.each([
    [
      { sha256Checksum: "b94d", md5Checksum: "5eb6" },
      { algorithm: "sha256", value: "b94d" }
    ],
    [{ sha256Checksum: "b94d" }, { algorithm: "sha256", value: "b94d" }],
    [{ md5Checksum: "5eb6" }, { algorithm: "md5", value: "5eb6" }],
    [{}, undefined],
    [{ md5Checksum: "5eb6", mimeType: google("document") }, undefined]
  ] as ReadonlyArray<readonly [Partial<File>, SourceFile.Checksum | undefined]>)(
    "is verified by the strongest checksum among %o",
    (sums, expected) => assert.deepStrictEqual(file({ ...bare, ...sums }).checksum, expected)
  )

  it.each([
    ["text/plain", "a.bin", "text/plain"],
    ["Text/HTML; charset=utf-8", "a", "text/html"],
    [undefined, "a.mp4", "video/mp4"],
    ["", "a.mp4", "video/mp4"],
    ["application/octet-stream", "a.PNG", "image/png"],
    ["application/octet-stream", "b/a.png", "image/png"],
    ["application/octet-stream", "png", "application/octet-stream"],
    ["application/octet-stream", "a.unheard-of", "application/octet-stream"],
    [undefined, undefined, "application/octet-stream"],
    [google("unknown"), "a.jpg", "image/jpeg"],
    [google("form"), "Questions", "application/octet-stream"]
  ] as const)("of type %o, called %o, is %s", (mimeType, name, expected) =>
    assert.strictEqual(
      file({
        id: "f1",
        ...(mimeType === undefined ? {} : { mimeType }),
        ...(name === undefined ? {} : { name })
      }).mimeType,
      expected
    )
  )

  it.each([
    ["", "a", "a"],
    ["a", "b", "a/b"],
    ["a/b", "c d.txt", "a/b/c d.txt"],
    ["a", "b/c", "a/b／c"],
    ["", "/", "／"],
    ["a", "..", "a/.."],
    ["a", "b\\c", "a/b\\c"]
  ])("is found in %o as %o: %o", (path, name, expected) => assert.strictEqual(Entry.join(path, name), expected))

  it.prop(
    "has as many segments as there are folders and a name, whatever they are called",
    { names: Schema.NonEmptyArray(Schema.String) },
    ({ names }) => {
      const segments = names.map(Entry.segment)
      assert.deepStrictEqual(segments.join("/").split("/"), segments)
    }
  )

  it("is found at the top, and without a name by its id", () => {
    const { path, within } = Entry.toFile(settings(), {
      entry: { id: "f1" },
      content: { id: "f1" },
      location: Entry.nowhere,
      attributes: {}
    })
    assert.deepStrictEqual([path, within], ["f1", undefined])
  })

  it.each([
    [letter, {}, "Upsert a/b/letter.pdf"],
    [memo, {}, "Upsert a/b/Memo.pdf"],
    [memo, { exports: { document: false } }, "Skip not-exported"],
    [{ ...letter, mimeType: google("form") }, {}, "Skip no-content"],
    [{ ...letter, mimeType: google("drive-sdk.1") }, {}, "Skip third-party"],
    [{ ...letter, capabilities: { canDownload: true } }, {}, "Upsert a/b/letter.pdf"],
    [{ ...letter, capabilities: { canDownload: false } }, {}, "Reject no-download"],
    [{ ...memo, capabilities: { canDownload: false } }, {}, "Reject no-download"],
    [{ ...memo, mimeType: google("form"), capabilities: { canDownload: false } }, {}, "Skip no-content"]
  ] as ReadonlyArray<readonly [File, Partial<Options>, string]>)(
    "of %o, with %o, becomes: %s",
    (content, options, expected) => assert.strictEqual(said(content, options), expected)
  )

  it("is said to be gone where it is left alone, since it may have been taken before", () => {
    const change = Entry.toChange(settings({ exports: { document: false } }), described(memo))
    assert.isTrue(change._tag === "Skip" && change.isGone)
  })

  it("is removed by its id and its address, whatever was known of it", () =>
    assert.deepStrictEqual(Entry.remove("f1"), { _tag: "Delete", id: "f1", uri: uri("f1") }))

  const ada = { emailAddress: "ada@example.com", me: true }
  const bob = { emailAddress: "Bob@Example.com" }

  it.each([
    [undefined, [bob], true],
    [undefined, undefined, true],
    [["me"], [ada], true],
    [["me"], [bob], false],
    [["me"], [bob, ada], true],
    [["me"], [{ displayName: "Hidden" }], false],
    [["me"], undefined, false],
    [["bob@example.com"], [bob], true],
    [["BOB@EXAMPLE.COM"], [bob], true],
    [["me", "cy@example.com"], [bob], false]
  ] as ReadonlyArray<readonly [Options["ownedBy"], File["owners"], boolean]>)(
    "is asked for with the owners %o, owned by %o: %s",
    (ownedBy, owners, expected) => {
      const asked = settings(ownedBy === undefined ? {} : { ownedBy })
      assert.strictEqual(Entry.isOwned(asked, owners === undefined ? letter : { ...letter, owners }), expected)
    }
  )

  it("is gone through whoever owns it, where it is a folder", () =>
    assert.isTrue(
      Entry.isOwned(settings({ ownedBy: ["me"] }), { id: "d1", mimeType: google("folder"), owners: [bob] })
    ))

  it.each([
    [{ id: "s1" }, undefined],
    [{ id: "s1", shortcutDetails: {} }, undefined],
    [{ id: "s1", shortcutDetails: { targetId: "f1" } }, { id: "f1" }],
    [{ id: "s1", resourceKey: "own", shortcutDetails: { targetId: "f1" } }, { id: "f1" }],
    [
      { id: "s1", shortcutDetails: { targetId: "f1", targetResourceKey: "key" } },
      { id: "f1", resourceKey: "key" }
    ]
  ] as ReadonlyArray<readonly [File, object | undefined]>)("leads from %o to %o", (shortcut, expected) =>
    assert.deepStrictEqual(Entry.targetOf(shortcut), expected)
  )

  it("is a folder, a shortcut, or neither, by its type", () => {
    const kinds = ["folder", "shortcut", "document"].map((kind): File => ({ id: "f1", mimeType: google(kind) }))
    assert.deepStrictEqual([...kinds, { id: "f1" }].map(Entry.isFolder), [true, false, false, false])
    assert.deepStrictEqual([...kinds, { id: "f1" }].map(Entry.isShortcut), [false, true, false, false])
  })

  it("is a file that can be stored and read again", () => {
    const decode = Schema.decodeUnknownSync(SourceFile.SourceFile)
    const encode = Schema.encodeUnknownSync(SourceFile.SourceFile)
    for (const one of [letter, memo, bare, { id: "f1" }]) {
      assert.deepStrictEqual(decode(encode(file(one))), file(one))
    }
  })
})
