/**
 * A tree that changes by chance, the same way for the same seed: for tests that compare what a client has with what there
 * is, however it came about.
 */
import { Effect } from "effect"
import type { DriveStandIn } from "./DriveStandIn.ts"
import { type Draw, drawFrom } from "./internal/draw.ts"
import { Known, type Node } from "./internal/known.ts"
import { StandInError } from "./Tree.ts"

/** What an edit does. */
export type Kind =
  | "createFile"
  | "createFolder"
  | "createDocument"
  | "createShortcut"
  | "updateContent"
  | "rename"
  | "move"
  /** Out of the folder, to elsewhere. */
  | "moveOut"
  /** Back into the folder, from elsewhere. */
  | "moveIn"
  | "trash"
  | "restore"
  | "remove"
  | "share"
  | "unshare"

/** What was done. */
export interface Edit {
  readonly kind: Kind
  /** Of the item it was done to. */
  readonly id: string
  /** For the message of a failing test: `move "a.txt" (1abc…) into "b" (1def…)`. */
  readonly description: string
}

/** Where edits happen, and which. */
export interface Options {
  /** The folder whose content changes; it stays as it is itself. */
  readonly folder: string
  /** A folder beside it, which things are moved to and come back from. Nothing leaves by default. */
  readonly elsewhere?: string
  /** 1 by default. */
  readonly seed?: string | number
  /** How often each kind is drawn, in proportion; those left out keep the weight they have in {@link weights}. */
  readonly weights?: Partial<Readonly<Record<Kind, number>>>
  /** The address that items are shared with; the last person of the domain by default. */
  readonly shareWith?: string
}

/** How often each kind of edit is drawn. */
export const weights: Readonly<Record<Kind, number>> = {
  createFile: 20,
  createFolder: 6,
  createDocument: 3,
  createShortcut: 2,
  updateContent: 20,
  rename: 10,
  move: 12,
  moveOut: 4,
  moveIn: 4,
  trash: 6,
  restore: 4,
  remove: 3,
  share: 3,
  unshare: 2
}

const DOCUMENT = "application/vnd.google-apps.document"

type Attempt = () => Effect.Effect<Edit, StandInError> | undefined

/** How each kind of edit is done; `undefined` where what was drawn does not do. */
const attempts = (
  google: DriveStandIn,
  known: Known,
  draw: Draw,
  options: Options
): Readonly<Record<Kind, Attempt>> => {
  const shareWith = options.shareWith ?? google.accounts.at(-2) ?? google.oauth.account
  let count = 0
  const fresh = (what: string) => `${what} ${count++}`
  const quoted = (node: Node) => `${JSON.stringify(node.name)} (${node.id})`
  const edit = (kind: Kind, node: Node, what = ""): Edit => ({
    kind,
    id: node.id,
    description: `${kind} ${quoted(node)}${what}`
  })

  const made = (
    kind: Kind,
    as: Node["kind"],
    name: string,
    make: (parent: string) => Effect.Effect<string, StandInError>
  ) => {
    const parent = known.folders.draw(draw)
    if (parent === undefined) return undefined
    return Effect.map(make(parent.id), (id) => {
      const node: Node = { id, kind: as, name, parents: [parent.id] }
      known.add(node)
      return edit(kind, node, ` in ${quoted(parent)}`)
    })
  }
  const moved = (kind: Kind, node: Node | undefined, to: Node | undefined) => {
    if (node === undefined || to === undefined) return undefined
    if (node === to || node.parents.includes(to.id) || known.isWithin(to, node.id)) return undefined
    const move = google.move(node.id, { add: [to.id], remove: node.parents })
    known.move(node, to.id)
    return Effect.as(move, edit(kind, node, ` into ${quoted(to)}`))
  }
  const within = (folder: string | undefined, node: Node | undefined): Node | undefined =>
    folder !== undefined && node !== undefined && (node.id === folder || known.isWithin(node, folder))
      ? node
      : undefined
  const anything = () => known.all.draw(draw)
  const size = () => draw.below(4_096)
  return {
    createFile: () => {
      const name = `${fresh("new file")}.txt`
      return made("createFile", "file", name, (parent) =>
        google.createFile({ name, parents: [parent], content: { size: size() } })
      )
    },
    createFolder: () => {
      const name = fresh("new folder")
      return made("createFolder", "folder", name, (parent) => google.createFolder(name, { parents: [parent] }))
    },
    createDocument: () => {
      const name = fresh("new document")
      return made("createDocument", "file", name, (parent) =>
        google.createFile({ name, parents: [parent], mimeType: DOCUMENT, content: { size: size() } })
      )
    },
    createShortcut: () => {
      const target = anything()
      if (target === undefined) return undefined
      const name = fresh("new shortcut")
      return made("createShortcut", "other", name, (parent) => google.createShortcut(target.id, { name, parent }))
    },
    updateContent: () => {
      const file = known.files.draw(draw)
      return file && Effect.as(google.updateContent(file.id, { size: size() }), edit("updateContent", file))
    },
    rename: () => {
      const node = anything()
      if (node === undefined) return undefined
      const before = quoted(node)
      node.name = fresh("renamed")
      return Effect.as(google.rename(node.id, node.name), edit("rename", node, ` from ${before}`))
    },
    move: () => moved("move", within(options.folder, anything()), within(options.folder, known.folders.draw(draw))),
    moveOut: () => moved("moveOut", within(options.folder, anything()), known.nodes.get(options.elsewhere ?? "")),
    moveIn: () =>
      moved("moveIn", within(options.elsewhere, anything()), within(options.folder, known.folders.draw(draw))),
    trash: () => {
      const node = anything()
      if (node === undefined) return undefined
      known.trashed.add(node)
      return Effect.as(google.trash(node.id), edit("trash", node))
    },
    restore: () => {
      const node = known.trashed.draw(draw)
      if (node === undefined) return undefined
      known.trashed.delete(node)
      return Effect.as(google.untrash(node.id), edit("restore", node))
    },
    remove: () => {
      const node = anything()
      if (node === undefined) return undefined
      known.remove(node)
      return Effect.as(google.remove(node.id), edit("remove", node))
    },
    share: () => {
      const node = anything()
      if (node === undefined) return undefined
      known.shared.add(node)
      return Effect.as(
        google.share(node.id, { role: "reader", emailAddress: shareWith }),
        edit("share", node, ` with ${shareWith}`)
      )
    },
    unshare: () => {
      const node = known.shared.draw(draw)
      if (node === undefined) return undefined
      known.shared.delete(node)
      return Effect.as(google.unshare(node.id, shareWith), edit("unshare", node, ` from ${shareWith}`))
    }
  }
}

/** Everything below the folders that edits happen in. */
const survey = Effect.fnUntraced(function* (google: DriveStandIn, options: Options) {
  const items = yield* google.items()
  const nodes = new Map<string, Node>()
  for (const { id, kind, mimeType, name, parents } of items) {
    const editable = kind === "file" || mimeType === DOCUMENT
    nodes.set(id, { id, name, parents, kind: kind === "folder" ? "folder" : editable ? "file" : "other" })
  }
  const known = new Known()
  const fixed = [options.folder, ...(options.elsewhere === undefined ? [] : [options.elsewhere])]
  for (const id of fixed) {
    known.add({ id, name: nodes.get(id)?.name ?? "top", kind: "folder", parents: [] }, { fixed: true })
  }
  const inside = new Map<string, boolean>(fixed.map((id) => [id, true]))
  const isInside = (id: string): boolean => {
    const seen = inside.get(id)
    if (seen !== undefined) return seen
    const result = nodes.get(id)?.parents.some(isInside) ?? false
    inside.set(id, result)
    return result
  }
  for (const item of items) {
    const node = nodes.get(item.id)
    if (node === undefined || fixed.includes(item.id) || !isInside(item.id)) continue
    known.add(node)
    if (item.explicitlyTrashed) known.trashed.add(node)
  }
  return known
})

/**
 * Looks at the tree as it is, and answers an Effect that makes one edit each time it is run. What others change in the
 * meantime it does not know: it fails where an item it draws is gone.
 */
export const make = Effect.fnUntraced(function* (google: DriveStandIn, options: Options) {
  const known = yield* survey(google, options)
  const draw = drawFrom(`edits ${options.seed ?? 1}`)
  const weighted = Object.entries({ ...weights, ...options.weights })
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0)
  const all = attempts(google, known, draw, options)
  const drawKind = (): Kind => {
    let left = draw.share() * total
    for (const [kind, weight] of weighted) {
      left -= weight
      // The keys of an object of kinds.
      if (left < 0) return kind as Kind
    }
    return "createFile"
  }
  return Effect.suspend((): Effect.Effect<Edit, StandInError> => {
    for (let redraws = 0; redraws < 1_000; redraws++) {
      const attempt = all[drawKind()]()
      if (attempt !== undefined) return attempt
    }
    return Effect.fail(
      new StandInError({ operation: "edit", message: "nothing that the weights allow can be done in this tree" })
    )
  })
})
