import { assert, describe, it } from "@effect/vitest"
import * as Formats from "../src/Formats.ts"
import { fromOptions, type From, type Options } from "../src/Settings.ts"

const folder = "https://drive.google.com/drive/folders/"

/** What is wrong, in lines. */
const refused = (options: Options) =>
  fromOptions(options).problems.map(({ field, problem, remedy }) => `${field}: ${problem}. ${remedy}`)

/** A kind that the types do not have. */
const withForms = { form: "text/plain", document: "application/pdf" }

const howToName = "Write the id (the last part of the address in the browser), or the whole address"

describe("Settings", () => {
  it.each([
    ["my-drive", "gdrive:my-drive", { _tag: "MyDrive" }],
    ["shared-with-me", "gdrive:shared-with-me", { _tag: "SharedWithMe" }],
    ["everything", "gdrive:everything", { _tag: "Everything" }],
    [{ sharedDrive: "0AbCd" }, "gdrive:0AbCd", { _tag: "SharedDrive", id: "0AbCd" }],
    [{ sharedDrive: `${folder}0AbCd` }, "gdrive:0AbCd", { _tag: "SharedDrive", id: "0AbCd" }],
    [{ folders: ["1one"] }, "gdrive:1one", { _tag: "Folders", folders: [{ id: "1one" }] }],
    [
      { folders: ["1one", `${folder}2two?resourcekey=key`, "3three"] },
      "gdrive:1one+2",
      { _tag: "Folders", folders: [{ id: "1one" }, { id: "2two", resourceKey: "key" }, { id: "3three" }] }
    ],
    [
      { folders: ["1one", "2two", `${folder}1one`] },
      "gdrive:1one+1",
      { _tag: "Folders", folders: [{ id: "1one" }, { id: "2two" }] }
    ],
    [
      { files: ["1one", "https://docs.google.com/document/d/2two/edit", "1one"] },
      "gdrive:1one+1",
      { _tag: "Files", files: [{ id: "1one" }, { id: "2two" }] }
    ]
  ] as ReadonlyArray<readonly [From, string, object]>)("reads from: %o, as %s", (from, name, where) => {
    const settings = fromOptions({ from })
    assert.deepStrictEqual([settings.name, settings.where, settings.problems], [name, where, []])
  })

  it("takes what is there, follows shortcuts and leaves the trash out, by default", () => {
    const { attributes, digest: _, ...settings } = fromOptions({ from: "my-drive" })
    assert.deepStrictEqual(settings, {
      name: "gdrive:my-drive",
      where: { _tag: "MyDrive" },
      includeTrashed: false,
      shortcuts: "follow",
      exports: Formats.defaults,
      ownedBy: [],
      acknowledgeAbuse: false,
      labels: [],
      concurrency: 8,
      problems: []
    })
    assert.deepStrictEqual([...attributes], [])
  })

  it("takes what is named instead", () => {
    const options = {
      from: "everything",
      includeTrashed: true,
      shortcuts: "keep",
      exports: { document: "text/markdown", drawing: false },
      ownedBy: ["me", "ada@example.com"],
      acknowledgeAbuse: true,
      labels: ["label1"],
      attributes: ["labels", "owners"],
      concurrency: 64
    } as const
    const { attributes, digest: _, ...settings } = fromOptions(options)
    assert.deepStrictEqual(settings, {
      name: "gdrive:everything",
      where: { _tag: "Everything" },
      includeTrashed: true,
      shortcuts: "keep",
      exports: { ...Formats.defaults, document: "text/markdown", drawing: false },
      ownedBy: ["me", "ada@example.com"],
      acknowledgeAbuse: true,
      labels: ["label1"],
      concurrency: 64,
      problems: []
    })
    assert.deepStrictEqual([...attributes], ["labels", "owners"])
  })

  it.each([
    [{ from: { folders: [] } }, [`from.folders: it is an empty list. ${howToName}`]],
    [{ from: { files: [] } }, [`from.files: it is an empty list. ${howToName}`]],
    [{ from: { folders: [""] } }, [`from.folders: an id is empty. ${howToName}`]],
    [{ from: { sharedDrive: "" } }, [`from.sharedDrive: an id is empty. ${howToName}`]],
    [
      { from: { folders: ["1one", "My folder", "abc"] } },
      [
        `from.folders: "My folder" is no id and no address in Drive. ${howToName}`,
        `from.folders: "abc" is no id and no address in Drive. ${howToName}`
      ]
    ],
    [
      { from: { sharedDrive: "https://example.com/drive/folders/0AbCd" } },
      [`from.sharedDrive: "https://example.com/drive/folders/0AbCd" is no id and no address in Drive. ${howToName}`]
    ],
    [
      { from: "my-drive", exports: { drawing: "text/plain" } },
      [
        "exports.drawing: Google does not export it as text/plain. Use one of image/png, application/pdf, image/jpeg, image/svg+xml, or false"
      ]
    ],
    [{ from: "my-drive", exports: { drawing: false, document: undefined } }, []],
    [
      { from: "my-drive", exports: withForms },
      [
        "exports.form: there is no such kind. Use one of document, spreadsheet, presentation, drawing, script, jam, vid, mail-layout"
      ]
    ],
    [{ from: "my-drive", ownedBy: ["me", "Ada"] }, ['ownedBy: "Ada" is no address. Write addresses, or "me"']],
    [{ from: "my-drive", ownedBy: [] }, ["ownedBy: it is an empty list, which is nobody. Leave it out for all owners"]],
    [
      { from: { sharedDrive: "0AbCd" }, ownedBy: ["me"] },
      ["ownedBy: files in a shared drive have no owner. Leave it out"]
    ],
    [
      { from: "my-drive", attributes: ["labels"] },
      ["labels: Google gives the labels that are named, and none is. Name the ids of the labels to load"]
    ],
    [
      { from: "my-drive", labels: ["ok", "no/label"] },
      ["labels: one is not the id of a label. Write ids as the Drive Labels API has them"]
    ],
    ...[0, 65, 1.5, Number.NaN].map(
      (concurrency) =>
        [
          { from: "my-drive", concurrency },
          [`concurrency: ${concurrency} is not a whole number from 1 to 64. Leave it out for 8`]
        ] as const
    )
  ] as ReadonlyArray<readonly [Options, ReadonlyArray<string>]>)("finds what is wrong with %o", (options, expected) =>
    assert.deepStrictEqual(refused(options), expected)
  )

  it("finds an attribute that does not exist, which plain JavaScript can name", () => {
    const options = { from: "my-drive", attributes: ["owner"] }
    assert.deepStrictEqual(
      // The types allow no such name.
      refused(options as unknown as Options),
      [
        'attributes: there are no attributes "owner". Use properties, appProperties, labels, description, owners, webViewLink, permissions'
      ]
    )
  })

  it("says everything that is wrong at once", () => {
    const fields = fromOptions({
      from: { sharedDrive: "a" },
      exports: { document: "image/png" },
      ownedBy: [],
      labels: [""],
      concurrency: -1
    }).problems.map(({ field }) => field)
    assert.deepStrictEqual(fields, [
      "from.sharedDrive",
      "exports.document",
      "ownedBy",
      "ownedBy",
      "labels",
      "concurrency"
    ])
  })

  const plain: Options = { from: { folders: ["1one"] } }
  const digest = (options: Partial<Options>) => fromOptions({ ...plain, ...options }).digest

  it.each([
    [{ from: { folders: [`${folder}1one`] } }],
    [{ from: { folders: ["1one", "1one"] } }],
    [{ includeTrashed: false }],
    [{ shortcuts: "follow" }],
    [{ exports: { document: "application/pdf" } }],
    [{ exports: {} }],
    [{ exports: { document: undefined } }],
    [{ attributes: [] }],
    [{ concurrency: 3 }],
    [{ acknowledgeAbuse: true }]
  ] as ReadonlyArray<readonly [Partial<Options>]>)("goes on from where it was left with %o", (options) =>
    assert.strictEqual(digest(options), digest({}))
  )

  it("goes on with attributes in another order", () =>
    assert.strictEqual(
      digest({ attributes: ["owners", "properties"] }),
      digest({ attributes: ["properties", "owners"] })
    ))

  it("begins anew with every setting that makes other files of what is there", () => {
    const others: ReadonlyArray<Partial<Options>> = [
      {},
      { from: { folders: ["2two"] } },
      { from: { folders: ["1one", "2two"] } },
      { from: { files: ["1one"] } },
      { from: { sharedDrive: "1one" } },
      { from: "everything" },
      { includeTrashed: true },
      { shortcuts: "skip" },
      { shortcuts: "keep" },
      { exports: { document: "text/plain" } },
      { exports: { document: false } },
      { ownedBy: ["me"] },
      { labels: ["label1"] },
      { attributes: ["owners"] }
    ]
    assert.strictEqual(new Set(others.map(digest)).size, others.length)
  })
})
