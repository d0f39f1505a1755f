/** Makes trees by number. */
import type { SeededItem, SeededKind, SeedOptions } from "../Seed.ts"
import { personally } from "./access.ts"
import { type Draw, drawFrom } from "./draw.ts"
import { create, createDrive, createShortcut, itemOf, move, setTrashed, share } from "./editing.ts"
import type { Item, Permission, Traits } from "./item.ts"
import { exportLimit, FOLDER } from "./mime.ts"
import type { Store } from "./store.ts"

/** 2026-01-01: whatever the clock says, a tree is the same. */
const EPOCH = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

const types: ReadonlyArray<readonly [extension: string, mimeType: string]> = [
  ["pdf", "application/pdf"],
  ["txt", "text/plain"],
  ["jpg", "image/jpeg"],
  ["png", "image/png"],
  ["csv", "text/csv"],
  ["json", "application/json"],
  ["mp4", "video/mp4"],
  ["bin", "application/octet-stream"]
]

const oddNames: ReadonlyArray<string> = [
  "slashes / in / the name.txt",
  "/leading and trailing/",
  "emoji 🗂️ und Ümläute.pdf",
  `quotes ' and " and \\ backslash.txt`,
  "new\nline.txt",
  "...leading dots",
  "..",
  " spaces around ",
  "x".repeat(255),
  "no extension"
]

const documents = {
  document: "application/vnd.google-apps.document",
  spreadsheet: "application/vnd.google-apps.spreadsheet",
  presentation: "application/vnd.google-apps.presentation",
  drawing: "application/vnd.google-apps.drawing",
  script: "application/vnd.google-apps.script",
  form: "application/vnd.google-apps.form",
  site: "application/vnd.google-apps.site",
  map: "application/vnd.google-apps.map",
  jam: "application/vnd.google-apps.jam",
  thirdParty: "application/vnd.google-apps.drive-sdk.123"
} as const satisfies Partial<Record<SeededKind, string>>

interface Made {
  readonly name: string
  readonly parents: ReadonlyArray<string>
  readonly mimeType: string
  readonly size?: number
  readonly traits?: Traits
  readonly owner?: string
}

/** Who plays which part in a tree. */
export interface Cast {
  readonly owner: string
  /** Whose files the owner's shortcuts lead to. */
  readonly other: string
  /** Who reads the shared drive that a shortcut leads to. */
  readonly reader: string
}

interface Planting {
  readonly store: Store
  readonly draw: Draw
  readonly cast: Cast
  readonly now: number
  readonly add: (kind: SeededKind, made: Made) => Item
  readonly note: (kind: SeededKind, item: Item) => Item
}

/** Folders of every depth: half of them anywhere, half of them in one of the latest. Answers those to be filled. */
const plantFolders = (planting: Planting, top: string, count: number, depth: number): ReadonlyArray<string> => {
  const { add, draw } = planting
  const open = [{ id: top, level: 0 }]
  const filled = [top]
  for (let index = 0; index < count; index++) {
    const parent = draw.pick(draw.share() < 0.5 ? open : open.slice(-8)) ?? { id: top, level: 0 }
    const empty = index % 10 === 9
    const { id } = add(empty ? "emptyFolder" : "folder", {
      name: `folder ${index}`,
      parents: [parent.id],
      mimeType: FOLDER
    })
    if (empty) continue
    filled.push(id)
    if (parent.level + 1 < depth) open.push({ id, level: parent.level + 1 })
  }
  return filled
}

const plantFiles = (planting: Planting, folders: ReadonlyArray<string>, count: number, maxSize: number): void => {
  const { add, draw } = planting
  for (let index = 0; index < count; index++) {
    const [extension, mimeType] = draw.pick(types) ?? ["bin", "application/octet-stream"]
    // The earlier a folder was made, the more there is in it.
    const parent = folders[Math.floor(folders.length * draw.share() ** 2)] ?? ""
    add("file", {
      name: `file ${index}.${extension}`,
      parents: [parent],
      mimeType,
      size: Math.floor((maxSize + 1) * draw.share() ** 3)
    })
  }
}

const plantOddFiles = ({ add, draw, now, store }: Planting, folders: ReadonlyArray<string>): void => {
  const file = (name: string, size: number, parent = draw.pick(folders) ?? "") => ({
    name,
    parents: [parent],
    mimeType: "text/plain",
    size
  })
  const folder = draw.pick(folders)
  for (const size of [11, 12]) add("duplicateName", file("twice.txt", size, folder))
  for (const name of oddNames) add("oddName", file(name, name.length))
  add("abusive", { ...file("malware.exe", 600), traits: { abusive: true } })
  add("undownloadable", { ...file("look but do not touch.txt", 700), traits: { undownloadable: true } })
  setTrashed(store, add("trashed", file("thrown away.txt", 800)), true, now)
  const trashed = add("trashedFolder", { ...file("thrown away", 0), mimeType: FOLDER })
  const below = add("inTrashedFolder", { ...file("deeper", 0, trashed.id), mimeType: FOLDER })
  for (const { id } of [trashed, below]) add("inTrashedFolder", file("in the trash.txt", 900, id))
  setTrashed(store, trashed, true, now)
}

const plantDocuments = ({ add, draw }: Planting, folders: ReadonlyArray<string>): void => {
  for (const [kind, mimeType] of Object.entries(documents)) {
    for (const size of [1_000, 60_000]) {
      const parents = [draw.pick(folders) ?? ""]
      // The keys of an object literal.
      add(kind as keyof typeof documents, { name: `${kind} of ${size} bytes`, parents, mimeType, size })
    }
  }
  const parents = [draw.pick(folders) ?? ""]
  add("tooLargeToExport", { name: "too large", parents, mimeType: documents.document, size: exportLimit + 1 })
}

/** Files from before a file had exactly one folder; in shared drives there are none. */
const plantLegacyFiles = ({ add, draw, now, store }: Planting, folders: ReadonlyArray<string>): void => {
  for (const count of [2, 3]) {
    const parents = new Set<string>()
    while (parents.size < Math.min(count, folders.length)) parents.add(draw.pick(folders) ?? "")
    const [first = ""] = parents
    const item = add("severalParents", {
      name: `in ${count} folders.txt`,
      parents: [first],
      mimeType: "text/plain",
      size: 30
    })
    move(store, item, [...parents], now)
  }
  add("noParents", { name: "nowhere.txt", parents: [], mimeType: "text/plain", size: 40 })
}

const plantShortcuts = (planting: Planting, folders: ReadonlyArray<string>): void => {
  const { add, cast, draw, note, now, store } = planting
  const shortcut = (kind: SeededKind, target: string, parent = draw.pick(folders) ?? "") =>
    note(kind, createShortcut(store, target, { name: kind, parents: [parent], owner: cast.owner }, now))
  const file = add("file", {
    name: "pointed at.txt",
    parents: [draw.pick(folders) ?? ""],
    mimeType: "text/plain",
    size: 50
  })
  shortcut("shortcutToFile", file.id)
  shortcut("shortcutToFolder", folders.at(-1) ?? "", folders[0])
  const inner = folders.at(-1) ?? ""
  const outer = itemOf(store, inner).parents[0]
  shortcut("shortcutLoop", outer ?? inner, inner)
  shortcut("shortcutDangling", "1NobodysIdThatNeverWasAnybodysIdNow")
  const drive = createDrive(
    store,
    "Elsewhere",
    cast.owner,
    [personally(cast.owner, "organizer"), personally(cast.reader, "reader")],
    now
  )
  const elsewhere = add("shortcutTarget", { name: "elsewhere.txt", parents: [drive], mimeType: "text/plain", size: 60 })
  shortcut("shortcutToOtherDrive", elsewhere.id)
  const keyed = add("shortcutTarget", {
    name: "by link and key.txt",
    parents: [store.accounts.get(cast.other)?.rootId ?? ""],
    mimeType: "text/plain",
    size: 70,
    owner: cast.other,
    traits: { demandsResourceKey: true, resourceKey: "0-resourceKeyOfSeed" }
  })
  share(store, keyed, openToLink, now)
  shortcut("shortcutToKeyed", keyed.id)
}

const openToLink: Permission = {
  id: "anyoneWithLink",
  type: "anyone",
  role: "reader",
  emailAddress: undefined,
  domain: undefined,
  allowFileDiscovery: false
}

/** Makes a tree in a folder; answers what was made, in the order of making. */
export const plant = (
  store: Store,
  cast: Cast,
  top: string,
  options: SeedOptions,
  now: number
): ReadonlyArray<SeededItem> => {
  const draw = drawFrom(`seed ${options.seed ?? 1}`)
  const noted: Array<readonly [kind: SeededKind, item: Item]> = []
  const note = (kind: SeededKind, item: Item) => {
    noted.push([kind, item])
    return item
  }
  const add = (kind: SeededKind, { owner = cast.owner, ...made }: Made) =>
    note(kind, create(store, { ...made, owner, createdTime: EPOCH + draw.below(200 * DAY) }, now))
  const planting: Planting = { store, draw, cast, now, add, note }
  const count = options.folders ?? Math.ceil(options.files / 20)
  const folders = plantFolders(planting, top, count, options.depth ?? 8)
  plantFiles(planting, folders, options.files, options.maxSize ?? 8_192)
  if (options.special === true) {
    plantOddFiles(planting, folders)
    plantDocuments(planting, folders)
    if (itemOf(store, top).driveId === undefined) plantLegacyFiles(planting, folders)
    plantShortcuts(planting, folders)
  }
  return noted.map(([kind, { id, mimeType, name, parents }]) => ({ id, kind, name, mimeType, parents }))
}
