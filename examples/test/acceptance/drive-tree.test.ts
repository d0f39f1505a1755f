import { assert, describe, it } from "@effect/vitest"
import { Lineage, Outcome, Pipeline } from "@sluice/core"
import { DriveStandIn } from "@sluice/testkit/drive"
import { Effect, Layer, Predicate } from "effect"
import { hash } from "node:crypto"
import { listeningLedger, sumOf, target } from "./bench.ts"
import * as Acceptance from "./drive.ts"

const files = process.env["INTEGRATION"] === undefined ? 2_000 : 20_000
const folders = Math.floor((files * 3) / 20)

const exportedAs: Partial<Record<DriveStandIn.SeededKind, readonly [extension: string, mediaType: string]>> = {
  document: ["pdf", "application/pdf"],
  tooLargeToExport: ["pdf", "application/pdf"],
  spreadsheet: ["xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  presentation: ["pdf", "application/pdf"],
  drawing: ["png", "image/png"],
  script: ["json", "application/vnd.google-apps.script+json"]
}

/** What becomes of the kinds that have no object. */
const leftOver: Partial<Record<DriveStandIn.SeededKind, string>> = {
  form: "Skipped no-content",
  site: "Skipped no-content",
  map: "Skipped no-content",
  jam: "Skipped not-exported",
  thirdParty: "Skipped third-party",
  shortcutToFolder: "Skipped shortcut-duplicate",
  shortcutLoop: "Skipped shortcut-loop",
  shortcutDangling: "Skipped shortcut-dangling",
  abusive: "Rejected abusive",
  undownloadable: "Rejected no-download"
}

/** Kinds of which nothing is said: they lead to others, are in the trash, or outside of what is taken. */
const unnamed = new Set<DriveStandIn.SeededKind>([
  "folder",
  "emptyFolder",
  "noParents",
  "shortcutTarget",
  "trashed",
  "trashedFolder",
  "inTrashedFolder"
])

/** Kinds without an object that are found out by reading; of unknown length, and read again where that turns out to be too much. */
const isRead = (kind: DriveStandIn.SeededKind) => kind === "abusive" || kind === "tooLargeToExport"

/**
 * Requests that list all folders, 50 at a time and 1,000 files a page, where each is asked with all that are known by then
 * and nothing is asked at the same time.
 */
const listingsNeeded = (items: ReadonlyArray<DriveStandIn.ItemView>, top: string): number => {
  const inside = Map.groupBy(
    items.filter(({ trashed }) => !trashed),
    ({ parents }) => parents[0]
  )
  const known = [top]
  let requests = 0
  while (known.length > 0) {
    const found = known.splice(0, 50).flatMap((id) => inside.get(id) ?? [])
    known.push(...found.flatMap(({ id, mimeType }) => (mimeType.endsWith(".folder") ? [id] : [])))
    requests += Math.max(1, Math.ceil(found.length / 1000))
  }
  return requests
}

const segment = (name: string) => name.replaceAll("/", "／")

/** What stands under `metadata.source`. */
const sourceOf = ({ metadata }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const source = Predicate.isObject(metadata) ? metadata["source"] : undefined
  return Predicate.isObject(source) ? { ...source } : {}
}

describe("a folder in Drive with everything in it that can be in one", () => {
  it.live(`arrives whole, each file once, and of all else it is said why not (${files} files)`, () =>
    Effect.gen(function* () {
      const drive = yield* DriveStandIn.make({ validateEvery: 50, logCapacity: 100_000 })
      const mixpeek = yield* Acceptance.mixpeekStandIn({ validateEvery: 50 })
      const folder = yield* drive.createFolder("taken")
      const seeded = yield* drive.seed({ files, folders, parent: folder, special: true })
      yield* drive.share(folder, { emailAddress: drive.serviceAccount.clientEmail, role: "reader" })
      const items = new Map((yield* drive.items(drive.oauth.account)).map((item) => [item.id, item]))

      /** The only way up; a file in several folders is in that of the smallest id. */
      const pathTo = (id: string): string => {
        const item = items.get(id)
        const parent = item?.parents.toSorted()[0]
        if (item === undefined || parent === undefined || id === folder) return ""
        return `${pathTo(parent)}${segment(item.name)}${item.mimeType.endsWith(".folder") ? "/" : ""}`
      }
      const outcomes: Record<string, string> = {}
      const objects: Record<string, object> = {}
      for (const { id, kind } of seeded) {
        if (unnamed.has(kind)) continue
        const uri = `https://drive.google.com/open?id=${id}`
        outcomes[uri] = leftOver[kind] ?? "Created"
        if (outcomes[uri] !== "Created") continue
        const item = items.get(id)
        const content = item?.shortcutTarget === undefined ? item : items.get(item.shortcutTarget)
        const [extension, mediaType] = exportedAs[kind] ?? []
        const bytes = content?.bytes(mediaType) ?? new Uint8Array()
        objects[id] = {
          path: extension === undefined ? pathTo(id) : `${pathTo(id)}.${extension}`,
          uri,
          token: mediaType === undefined ? `md5:${hash("md5", bytes, "hex")}` : `version:…:${mediaType}`,
          target: content === item ? undefined : content?.id,
          sourceKey: Lineage.sourceKey(uri),
          sha256: hash("sha256", bytes, "hex")
        }
      }

      const seen: Record<string, string> = {}
      const ledger = listeningLedger((uri, outcome) => {
        assert.notProperty(seen, uri, "a file with two outcomes")
        seen[uri] =
          Outcome.Outcome.guards.Skipped(outcome) || Outcome.Outcome.guards.Rejected(outcome)
            ? `${outcome._tag} ${outcome.cause.code}`
            : outcome._tag
      })
      const report = yield* Pipeline.run(Acceptance.pipelineOf({ from: { folders: [folder] } })).pipe(
        Effect.provide(
          Layer.merge(Acceptance.clients(drive, mixpeek, { credentials: Acceptance.serviceAccount(drive) }), ledger)
        )
      )
      assert.strictEqual(report.ended, "complete")
      assert.strictEqual(sumOf(report), report.discovered)
      assert.deepStrictEqual(seen, outcomes)

      const arrived: Record<string, object> = {}
      for (const { blobs, fields } of yield* mixpeek.objects(target)) {
        const { id, path, target: leadsTo, token, uri } = sourceOf(fields)
        arrived[String(id)] = {
          path,
          uri,
          token: String(token).replace(/^version:\d+:/, "version:…:"),
          target: Predicate.isObject(leadsTo) && "id" in leadsTo ? leadsTo.id : undefined,
          sourceKey: fields["source_key"],
          sha256: blobs[0]?.content.sha256
        }
      }
      assert.deepStrictEqual(arrived, objects)
      assert.deepStrictEqual([yield* drive.violations, yield* mixpeek.violations], [[], []])

      const asked = yield* drive.requestsByOperation
      // The check lists the folder and reads a file of it as well.
      assert.isAtMost((asked["files.list"] ?? 0) - 1, 1.2 * listingsNeeded([...items.values()], folder))
      const read = Object.keys(objects).length + seeded.filter(({ kind }) => isRead(kind)).length
      assert.strictEqual((asked["files.media"] ?? 0) + (asked["files.export"] ?? 0) - 1, read, "each is read once")
    }).pipe(Effect.scoped)
  )
})
