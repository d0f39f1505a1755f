/** What the tests of Google Drive share: a Drive with a folder in it, a Mixpeek, a pipeline between them, and what must arrive. */
import { NodeHttpClient } from "@effect/platform-node"
import { Ledger, Pipeline } from "@sluice/core"
import { Fields, Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { Credentials, Drive, type DriveOptions, DriveSource } from "@sluice/source-gdrive"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Duration, Effect, Layer, Predicate } from "effect"
import { hash } from "node:crypto"
import { schema, target, unlimited } from "./bench.ts"

/** A bucket whose objects are updated, not doubled. */
export const mixpeekStandIn = (options: Partial<MixpeekStandIn.Options> = {}) =>
  MixpeekStandIn.make({
    buckets: [
      {
        id: target,
        schema: { properties: { ...schema.properties, readers: { type: "object" } } },
        uniqueKey: { fields: ["source_key"], default_policy: "upsert" }
      }
    ],
    ...options
  })

/** Everything of a folder; what is deleted there is removed here. Who may read it only where an owner is asked. */
export const pipelineOf = (options: DriveSource.Options, fields: Readonly<Record<string, Fields.Field>> = {}) =>
  Pipeline.make({
    name: "drive",
    source: DriveSource.make(options),
    map: MixpeekObject.fromFile({
      property: { pdf: "document", image: "image", audio: "audio", video: "video", text: "text", excel: "table" },
      otherwise: "text",
      fields
    }),
    sink: MixpeekSink.make({ bucket: target, uniqueKey: "upsert", batch: { maxWait: "50 millis" } }),
    deletes: "propagate"
  })

/** Who may read a file, as fields of its object: owners and editors may ask. */
export const withReaders: Readonly<Record<string, Fields.Field>> = {
  readers: Fields.attribute("permissions", "readers")
}

/** Quick and persistent. */
export const retry = {
  base: Duration.millis(1),
  cap: Duration.millis(5),
  maxAttempts: 8,
  maxElapsed: Duration.seconds(20)
}

/** A person who gave their consent: whose files are there. */
export const person = ({ oauth: { clientId, clientSecret, refreshToken } }: DriveStandIn.DriveStandIn) =>
  Credentials.OAuth({ clientId, clientSecret, refreshToken })

/** A service account, which sees what is shared with it. */
export const serviceAccount = ({ serviceAccount: { keyJson } }: DriveStandIn.DriveStandIn) =>
  Credentials.ServiceAccount({ key: { json: keyJson } })

/** The clients of both stand-ins. */
export const clients = (
  drive: DriveStandIn.DriveStandIn,
  mixpeek: MixpeekStandIn.MixpeekStandIn,
  options: Partial<DriveOptions.Options> = {}
) =>
  Layer.mergeAll(
    Drive.layer({
      endpoint: drive.url,
      tokenEndpoint: drive.tokenUrl,
      credentials: person(drive),
      queriesPerMinute: 1_000_000,
      burst: 100_000,
      retry,
      ...options
    }),
    Mixpeek.layer({
      url: mixpeek.url,
      apiKey: mixpeek.apiKey,
      namespace: mixpeek.namespace,
      rateLimits: unlimited
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** The ledger of a test lives as long as the test. */
export const ledger = Effect.map(Layer.build(Ledger.layerMemory), (context) => Layer.succeedContext(context))

/** One object: from which file, where that is, what is in it, and who may read it. */
export type Line = string

const line = (id: string, path: string, sha256: string, readers: unknown): Line =>
  JSON.stringify([id, path, sha256, readers])

/** What the bucket holds. */
export const arrived = (mixpeek: MixpeekStandIn.MixpeekStandIn) =>
  Effect.map(mixpeek.objects(target), (objects) =>
    objects
      .map(({ blobs, fields }) => {
        const source = Predicate.isObject(fields["metadata"]) ? fields["metadata"]["source"] : undefined
        const { id, path } = Predicate.isObject(source) ? source : {}
        return line(String(id), String(path), blobs[0]?.content?.sha256 ?? "", fields["readers"])
      })
      .toSorted()
  )

const byIdOrder = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)

const folderType = "application/vnd.google-apps.folder"
const documentType = "application/vnd.google-apps.document"
const nativePrefix = "application/vnd.google-apps."

/**
 * Where folders are, from the top down: first all that is in the folder, then what shortcuts in there lead to with all that
 * is in it, and so on. What was found before stays where it is. Shortcuts lead to one folder in the order of their ids.
 */
const placesOf = (items: ReadonlyArray<DriveStandIn.ItemView>, folder: string) => {
  const inside = Map.groupBy(items, ({ parents }) => parents[0])
  const targets = new Set(items.flatMap(({ id, mimeType }) => (mimeType === folderType ? [id] : [])))
  const places = new Map<string, string>()
  for (let found = new Map([[folder, ""]]); found.size > 0;) {
    const level = new Map(found)
    // Own folders first: whatever is below another one of this level is there, not at its shortcut.
    const below = new Set<string>()
    const descend = (id: string) => {
      for (const child of inside.get(id) ?? []) {
        if (child.mimeType !== folderType || places.has(child.id) || below.has(child.id)) continue
        below.add(child.id)
        descend(child.id)
      }
    }
    for (const id of level.keys()) descend(id)
    const place = (id: string, path: string) => {
      places.set(id, path)
      for (const { id: child, mimeType, name } of inside.get(id) ?? []) {
        if (mimeType === folderType && !places.has(child)) place(child, `${path}${name.replaceAll("/", "／")}/`)
      }
    }
    for (const [id, path] of level) if (!below.has(id)) place(id, path)
    found = new Map()
    for (const { name, parents, shortcutTarget } of items.toSorted(byIdOrder)) {
      const above = places.get(parents[0] ?? "")
      if (shortcutTarget === undefined || above === undefined || !targets.has(shortcutTarget)) continue
      if (places.has(shortcutTarget) || found.has(shortcutTarget)) continue
      found.set(shortcutTarget, `${above}${name.replaceAll("/", "／")}/`)
    }
  }
  return places
}

/**
 * What must be in the bucket: every file below a folder that the account sees and that is not in the trash, read from the
 * stand-in's own view of the tree. Shortcuts to files are files with the other's content; shortcuts to folders put these
 * in their place, where they have none.
 */
export const expected = Effect.fnUntraced(function* (drive: DriveStandIn.DriveStandIn, folder: string) {
  const items = (yield* drive.items(drive.oauth.account)).filter(({ role, trashed }) => role !== undefined && !trashed)
  const byId = new Map(items.map((item) => [item.id, item]))
  const inside = Map.groupBy(items, ({ parents }) => parents[0])
  const lines: Array<Line> = []
  const readers = (item: DriveStandIn.ItemView) => {
    const higher = new Set(
      item.permissions.flatMap(({ emailAddress, role }) =>
        role === "reader" || role === "commenter" ? [] : [emailAddress]
      )
    )
    const users = item.permissions.flatMap(({ emailAddress, role, type }) =>
      type === "user" && (role === "reader" || role === "commenter") && !higher.has(emailAddress)
        ? [emailAddress?.toLowerCase() ?? ""]
        : []
    )
    return { users: [...new Set(users)].toSorted(), groups: [], domains: [], anyone: false }
  }
  const places = placesOf(items, folder)
  for (const { id, mimeType } of items) {
    const path = mimeType === folderType ? places.get(id) : undefined
    for (const item of path === undefined ? [] : (inside.get(id) ?? [])) {
      const name = `${path}${item.name.replaceAll("/", "／")}`
      const content = item.shortcutTarget === undefined ? item : byId.get(item.shortcutTarget)
      if (content === undefined || content.mimeType === folderType) continue
      const isDocument = content.mimeType === documentType
      if (!isDocument && content.mimeType.startsWith(nativePrefix)) continue
      const bytes = content.bytes(isDocument ? "application/pdf" : undefined)
      lines.push(line(item.id, isDocument ? `${name}.pdf` : name, hash("sha256", bytes, "hex"), readers(content)))
    }
  }
  return lines.toSorted()
})
