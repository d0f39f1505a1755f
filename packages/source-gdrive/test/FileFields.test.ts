import { assert, describe, it } from "@effect/vitest"
import { ofChanges, ofFile, ofList, ofPermissions } from "../src/FileFields.ts"
import { fromOptions, type Options } from "../src/Settings.ts"

const always =
  "id,name,mimeType,parents,driveId,trashed,size,md5Checksum,sha256Checksum,headRevisionId,version,modifiedTime," +
  "resourceKey,capabilities(canDownload),shortcutDetails(targetId,targetMimeType,targetResourceKey)"
const permissions = "permissions(id,type,role,emailAddress,domain,deleted,view)"

const settings = (options: Partial<Options> = {}) => fromOptions({ from: "my-drive", ...options })

describe("FileFields", () => {
  it.each([
    ["nothing", {}, [], always],
    ["properties", {}, ["properties"], `${always},properties`],
    ["properties of this app", {}, ["appProperties"], `${always},appProperties`],
    ["labels", {}, ["labels"], `${always},labelInfo(labels(id,fields))`],
    ["descriptions", {}, ["description"], `${always},description`],
    ["owners", {}, ["owners"], `${always},owners(displayName,emailAddress,me)`],
    ["addresses", {}, ["webViewLink"], `${always},webViewLink`],
    ["who may see it", {}, ["permissions"], `${always},${permissions}`],
    ["several", {}, ["description", "webViewLink"], `${always},description,webViewLink`],
    ["what nobody has heard of", {}, ["resourceKey", "constructor", ""], always],
    ["files of some owners", { ownedBy: ["me"] }, [], `${always},owners(emailAddress,me)`],
    [
      "files of some owners, and who that is",
      { ownedBy: ["me"] },
      ["owners"],
      `${always},owners(displayName,emailAddress,me)`
    ],
    ["what is shared with the account", { from: "shared-with-me" }, [], `${always},sharedWithMeTime`]
  ] as ReadonlyArray<readonly [string, Partial<Options>, ReadonlyArray<string>, string]>)(
    "asks for what is needed, and for %s",
    (_, options, asked, expected) => assert.strictEqual(ofFile(settings(options), new Set(asked)), expected)
  )

  it("asks for the same in a listing and in a log of changes, and for what these say besides", () => {
    const asked = new Set(["description"])
    const file = ofFile(settings(), asked)
    assert.strictEqual(ofList(settings(), asked), `nextPageToken,incompleteSearch,files(${file})`)
    assert.strictEqual(
      ofChanges(settings(), asked),
      `nextPageToken,newStartPageToken,changes(changeType,removed,fileId,driveId,file(${file}))`
    )
    assert.strictEqual(ofPermissions, `nextPageToken,${permissions}`)
  })
})
