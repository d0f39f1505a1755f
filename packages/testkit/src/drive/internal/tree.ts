/** The operations on the tree, as Effects. */
import { Effect } from "effect"
import { typeByName } from "../../internal/contentType.ts"
import { type Content, type NewFile, type NewPermission, StandInError, type Tree } from "../Tree.ts"
import { personally } from "./access.ts"
import * as Editing from "./editing.ts"
import { type Account, type Permission, plain, type Traits } from "./item.ts"
import { FOLDER } from "./mime.ts"
import { permissionIdOf, type Store } from "./store.ts"
import { plant } from "./seeding.ts"
import { bytesIn, viewItems } from "./view.ts"

const contentParts = (content: Content): { readonly bytes: Uint8Array | undefined; readonly size: number } => {
  if (typeof content === "string") return contentParts(Buffer.from(content))
  return content instanceof Uint8Array
    ? { bytes: content, size: content.byteLength }
    : { bytes: undefined, size: content.size }
}

const mimeTypeOf = (name: string): string => typeByName(name) ?? "application/octet-stream"

/** What a test said of an item, without what it did not say. */
const traitsOf = (said: Partial<NewFile>): Traits => {
  const { abusive, appProperties, demandsResourceKey, description, labels, properties, resourceKey, starred } = said
  const { undownloadable } = said
  const traits = {
    ...(abusive === undefined ? {} : { abusive }),
    ...(appProperties === undefined ? {} : { appProperties }),
    ...(demandsResourceKey === undefined ? {} : { demandsResourceKey }),
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels }),
    ...(properties === undefined ? {} : { properties }),
    ...(resourceKey === undefined ? {} : { resourceKey }),
    ...(starred === undefined ? {} : { starred }),
    ...(undownloadable === undefined ? {} : { undownloadable })
  }
  // Most files have none of these, and there may be a hundred thousand of them.
  return Object.keys(traits).length === 0 ? plain : traits
}

const withResourceKey = (traits: Traits, name: string): Traits =>
  traits.demandsResourceKey === true && traits.resourceKey === undefined
    ? { ...traits, resourceKey: `0-${permissionIdOf(name).slice(0, 16)}` }
    : traits

const permissionOf = (store: Store, wanted: NewPermission): Permission => {
  const { allowFileDiscovery = false, role, type = "user" } = wanted
  switch (type) {
    case "user":
    case "group": {
      const { emailAddress } = wanted
      if (emailAddress === undefined) throw new Editing.IllegalEdit(`a permission for a ${type} needs an emailAddress`)
      return { ...personally(emailAddress, role), type }
    }
    case "domain": {
      const { domain = store.domain } = wanted
      const id = `${permissionIdOf(domain)}k`
      return { id, type, role, emailAddress: undefined, domain, allowFileDiscovery }
    }
    case "anyone": {
      const id = allowFileDiscovery ? "anyone" : "anyoneWithLink"
      return { id, type, role, emailAddress: undefined, domain: undefined, allowFileDiscovery }
    }
  }
}

/** Gives tests their hands on a store. `owner` is who owns what nobody else is said to own. */
export const makeTree = (store: Store, owner: string, now: () => number): Tree => {
  const attempt = <A>(operation: string, edit: () => A): Effect.Effect<A, StandInError> =>
    Effect.try({
      try: edit,
      catch: (cause) =>
        new StandInError({
          operation,
          message: cause instanceof Error ? cause.message : String(cause),
          ...(cause instanceof Editing.IllegalEdit ? {} : { cause })
        })
    })
  const accountOf = (email: string): Account => {
    const account = store.accounts.get(email)
    if (account !== undefined) return account
    const known = [...store.accounts.keys()].join(", ")
    throw new Editing.IllegalEdit(`there is no account ${email}; there are ${known}`)
  }
  const foldersOf = (parents: ReadonlyArray<string> | undefined, of: string): ReadonlyArray<string> =>
    (parents ?? ["root"]).map((id) => (id === "root" ? accountOf(of).rootId : id))
  const item = (id: string) => Editing.itemOf(store, id)
  const create = (operation: string, mimeType: string, file: NewFile) =>
    attempt(operation, () => {
      const { bytes, size } = contentParts(file.content ?? "")
      const by = file.owner ?? owner
      const createdTime = file.createdTime ?? now()
      return Editing.create(
        store,
        {
          name: file.name,
          mimeType,
          parents: foldersOf(file.parents, by),
          owner: accountOf(by).email,
          createdTime,
          modifiedTime: file.modifiedTime ?? createdTime,
          bytes,
          size,
          traits: withResourceKey(traitsOf(file), file.name)
        },
        now()
      ).id
    })
  return {
    createDrive: (name, { members = {} } = {}) =>
      attempt("createDrive", () => {
        const permissions = Object.entries(members).map(([email, role]) => personally(email, role))
        return Editing.createDrive(store, name, owner, permissions, now())
      }),
    renameDrive: (driveId, name) => attempt("renameDrive", () => Editing.renameDrive(store, driveId, name, now())),
    removeDrive: (driveId) => attempt("removeDrive", () => Editing.removeDrive(store, driveId, now())),
    addMember: (driveId, emailAddress, role = "reader") =>
      attempt("addMember", () => Editing.share(store, item(driveId), personally(emailAddress, role), now())),
    removeMember: (driveId, emailAddress) =>
      attempt("removeMember", () => Editing.unshare(store, item(driveId), permissionIdOf(emailAddress), now())),
    createFolder: (name, options) => create("createFolder", FOLDER, { ...options, name }),
    createFile: (file) => create("createFile", file.mimeType ?? mimeTypeOf(file.name), file),
    createShortcut: (targetId, options = {}) =>
      attempt("createShortcut", () => {
        const by = options.owner ?? owner
        const name = options.name ?? store.items.get(targetId)?.name ?? "Shortcut"
        const parents = foldersOf(options.parent === undefined ? undefined : [options.parent], by)
        return Editing.createShortcut(store, targetId, { name, parents, owner: by }, now()).id
      }),
    updateContent: (id, content, options = {}) =>
      attempt("updateContent", () => {
        const file = item(id)
        const modifiedTime = options.modifiedTime ?? now()
        Editing.writeContent(store, file, contentParts(content), options.by ?? file.owner, modifiedTime, now())
      }),
    rename: (id, name) =>
      attempt("rename", () => Editing.describe(store, item(id), { name, modifiedTime: now() }, now())),
    update: (id, { modifiedTime, ...said }) =>
      attempt("update", () => {
        const one = item(id)
        const traits = withResourceKey({ ...one.traits, ...traitsOf(said) }, one.name)
        Editing.describe(store, one, { traits, ...(modifiedTime === undefined ? {} : { modifiedTime }) }, now())
      }),
    move: (id, { add = [], remove = [] }) =>
      attempt("move", () => {
        const one = item(id)
        const gone = foldersOf(remove, one.owner)
        const kept = one.parents.filter((parent) => !gone.includes(parent))
        Editing.move(store, one, [...new Set([...kept, ...foldersOf(add, one.owner)])], now())
      }),
    setParents: (id, parents) =>
      attempt("setParents", () => {
        const one = item(id)
        Editing.move(store, one, foldersOf(parents, one.owner), now())
      }),
    trash: (id) => attempt("trash", () => Editing.setTrashed(store, item(id), true, now())),
    untrash: (id) => attempt("untrash", () => Editing.setTrashed(store, item(id), false, now())),
    remove: (id) => attempt("remove", () => Editing.remove(store, item(id), now())),
    share: (id, wanted) =>
      attempt("share", () => {
        const permission = permissionOf(store, wanted)
        Editing.share(store, item(id), permission, now())
        return permission.id
      }),
    unshare: (id, permission) =>
      attempt("unshare", () => {
        const permissionId = permission.includes("@") ? permissionIdOf(permission) : permission
        Editing.unshare(store, item(id), permissionId, now())
      }),
    touch: (account, id) => attempt("touch", () => Editing.view(store, item(id), accountOf(account).email, now())),
    seed: (options) =>
      attempt("seed", () => {
        const by = options.owner ?? owner
        const top = item(
          options.parent === undefined || options.parent === "root" ? accountOf(by).rootId : options.parent
        )
        const others = [...store.accounts.keys()].filter((email) => email !== by)
        const [other = by, reader = other] = [others[0], others.at(-1)]
        return plant(store, { owner: by, other, reader }, top.id, options, now())
      }),
    items: (account) =>
      attempt("items", () => viewItems(store, account === undefined ? undefined : accountOf(account))),
    bytes: (id, exportFormat) => attempt("bytes", () => bytesIn(item(id), exportFormat)),
    rootOf: (account) => attempt("rootOf", () => accountOf(account).rootId)
  }
}
