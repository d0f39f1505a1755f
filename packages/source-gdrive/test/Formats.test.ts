import { assert, describe, it } from "@effect/vitest"
import * as Formats from "../src/Formats.ts"

const google = (kind: string) => `application/vnd.google-apps.${kind}`
const openXml = (kind: string) => `application/vnd.openxmlformats-officedocument.${kind}`

/** What is done with a file, in a line. */
const handled = (mediaType: string, exports: Formats.Exports = {}): string => {
  const handling = Formats.handling(mediaType, exports)
  switch (handling._tag) {
    case "Binary":
      return "its own bytes"
    case "Export":
      return `as ${handling.mediaType}`
    case "Skip":
      return `${handling.reason.code}: ${handling.reason.message}`
  }
}

const not = (kind: string) =>
  `not-exported: Google's kind ${kind} is not exported: name a format in exports.${kind} to take it`

describe("Formats", () => {
  it.each([
    ["application/pdf", "its own bytes"],
    ["text/plain; charset=utf-8", "its own bytes"],
    [openXml("wordprocessingml.document"), "its own bytes"],
    ["", "its own bytes"],
    [google("file"), "its own bytes"],
    [google("unknown"), "its own bytes"],
    [google("document"), "as application/pdf"],
    [google("spreadsheet"), `as ${openXml("spreadsheetml.sheet")}`],
    [google("presentation"), "as application/pdf"],
    [google("drawing"), "as image/png"],
    [google("script"), `as ${google("script+json")}`],
    [google("jam"), not("jam")],
    [google("vid"), not("vid")],
    [google("mail-layout"), not("mail-layout")],
    [google("form"), "no-content: a Google Form: the API gives no content of it"],
    [google("site"), "no-content: a Google Site: the API gives no content of it"],
    [google("map"), "no-content: a Google My Map: the API gives no content of it"],
    [google("fusiontable"), "no-content: a Fusion Table: the service has ended"],
    [google("photo"), "no-content: a Google Photo: the API gives no content of it"],
    [google("audio"), "no-content: Google's kind audio: the API gives no content of it"],
    [google("constructor"), "no-content: Google's kind constructor: the API gives no content of it"],
    [google("drive-sdk"), "third-party: a file of another app, which keeps its content itself"],
    [google("drive-sdk.796396377186"), "third-party: a file of another app, which keeps its content itself"]
  ])("takes %s as it is: %s", (mediaType, expected) => assert.strictEqual(handled(mediaType), expected))

  it.each([
    ["document", "text/markdown", "as text/markdown"],
    ["document", false, not("document")],
    ["document", undefined, "as application/pdf"],
    ["jam", "application/pdf", "as application/pdf"],
    ["vid", "video/mp4", "as video/mp4"],
    ["mail-layout", "text/plain", "as text/plain"]
  ] as const)("takes a %s for which %s is asked: %s", (kind, format, expected) =>
    assert.strictEqual(handled(google(kind), { [kind]: format }), expected)
  )

  it("lets the format of one kind be as it is where another one is named", () =>
    assert.strictEqual(handled(google("drawing"), { document: "text/plain" }), "as image/png"))

  it.each([
    ["Letter", "application/pdf", "Letter.pdf"],
    ["Letter.pdf", "application/pdf", "Letter.pdf"],
    ["LETTER.PDF", "application/pdf", "LETTER.PDF"],
    ["Letter.docx", "application/pdf", "Letter.docx.pdf"],
    ["pdf", "application/pdf", "pdf.pdf"],
    ["", "application/pdf", ".pdf"],
    ["Letter v1.2", openXml("wordprocessingml.document"), "Letter v1.2.docx"],
    ["Sums", openXml("spreadsheetml.sheet"), "Sums.xlsx"],
    ["Code", google("script+json"), "Code.json"],
    ["Plan", "image/svg+xml", "Plan.svg"],
    ["Letter", "application/x-unheard-of", "Letter"]
  ])("calls %o, exported as %s, %o", (name, mediaType, expected) =>
    assert.strictEqual(Formats.exportedName(name, mediaType), expected)
  )

  it("exports every kind by default as something that Google offers, or not at all", () => {
    for (const [kind, format] of Object.entries(Formats.defaults)) {
      const offered = Object.entries(Formats.offered).find(([one]) => one === kind)?.[1] ?? []
      assert.isTrue(format === false || offered.includes(format), kind)
    }
    assert.deepStrictEqual(Object.keys(Formats.offered), Object.keys(Formats.defaults))
  })

  it("knows an extension of every format that Google offers, and adds it once", () => {
    for (const format of Object.values(Formats.offered).flat()) {
      const name = Formats.exportedName("a", format)
      assert.match(name, /^a\.[a-z0-9]+$/, format)
      assert.strictEqual(Formats.exportedName(name, format), name)
    }
  })
})
