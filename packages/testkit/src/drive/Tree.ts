/**
 * What a test does to the tree behind the stand-in, and what it sees of it. Every operation writes the change logs that
 * `changes.list` reads.
 */
import type { Effect } from "effect"
import { StandInError } from "../internal/StandInError.ts"
import type { PermissionSource } from "./internal/access.ts"
import type { Item, Label, Permission, Role } from "./internal/item.ts"
import type { SeededItem, SeededKind, SeedOptions } from "./Seed.ts"

export type { Label, PermissionSource, Role, SeededItem, SeededKind, SeedOptions }
export { StandInError }

/** Bytes, or so many bytes that are computed from the item's id and revision and stored nowhere. */
export type Content = Uint8Array | string | { readonly size: number }

/** What a new file is like. All times are milliseconds since 1970. */
export interface NewFile {
  readonly name: string
  /** The top folder of the owner's My Drive by default, for which `root` stands; none at all with an empty list. */
  readonly parents?: ReadonlyArray<string>
  /** By the extension of the name by default. */
  readonly mimeType?: string
  /** Nothing by default. For Google's own documents, what an export gives. */
  readonly content?: Content
  /** The account of `oauth` by default. In a shared drive, who put it there. */
  readonly owner?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly appProperties?: Readonly<Record<string, string>>
  readonly labels?: ReadonlyArray<Label>
  readonly starred?: boolean
  readonly createdTime?: number
  /** As the client that made the file said: any time, also one in the future. */
  readonly modifiedTime?: number
  readonly resourceKey?: string
  /** Whoever comes by link alone needs the resource key, which is made if none is given. */
  readonly demandsResourceKey?: boolean
  /** Flagged as malware: read only by its owner, and only with `acknowledgeAbuse`. */
  readonly abusive?: boolean
  /** Readers and commenters may see it and not download it. */
  readonly undownloadable?: boolean
}

/** Who is to be given what. */
export interface NewPermission {
  readonly role: Exclude<Role, "owner">
  /** `user` by default. */
  readonly type?: Permission["type"]
  /** Of a user or a group; also somebody who is no account of the stand-in's. */
  readonly emailAddress?: string
  /** Of a domain; that of the stand-in by default. */
  readonly domain?: string
  /** Whether domains and anyone find it by searching; false by default. */
  readonly allowFileDiscovery?: boolean
}

/** Who may see an item, and by what. */
export interface PermissionView extends Pick<Permission, "id" | "type" | "role" | "emailAddress" | "domain"> {
  readonly sources: ReadonlyArray<PermissionSource>
}

/** An item as it was when the test looked. */
export interface ItemView extends Pick<
  Item,
  | "id"
  | "name"
  | "mimeType"
  | "parents"
  | "driveId"
  | "owner"
  | "version"
  | "explicitlyTrashed"
  | "createdTime"
  | "modifiedTime"
> {
  /** `document` for what can be exported, `other` for what Google keeps and gives to nobody. */
  readonly kind: "file" | "folder" | "shortcut" | "document" | "other"
  /** By itself or with a folder it is in. */
  readonly trashed: boolean
  /** Of files with bytes. */
  readonly size: number | undefined
  /** Hex MD5 of files with bytes. */
  readonly md5: string | undefined
  readonly permissions: ReadonlyArray<PermissionView>
  readonly shortcutTarget: string | undefined
  readonly resourceKey: string | undefined
  readonly abusive: boolean
  readonly undownloadable: boolean
  /** What the account that was asked about may do; `undefined` where it may not see it, or where none was named. */
  readonly role: Role | undefined
  /** Whether that account comes by link alone and must bring the resource key. */
  readonly needsResourceKey: boolean
  /** The bytes of a file; what an export gives of a document. */
  readonly bytes: (exportFormat?: string) => Uint8Array
  /** Lower-case hex of the same, which are computed piece by piece. */
  readonly sha256: (exportFormat?: string) => string
}

/** The tree, as a test has its hands on it. Ids are those of the API; fails where an edit makes no sense. */
export interface Tree {
  /** Makes a shared drive; answers its id, which is that of its top folder as well. */
  readonly createDrive: (
    name: string,
    options?: { readonly members?: Readonly<Record<string, Exclude<Role, "owner">>> }
  ) => Effect.Effect<string, StandInError>
  readonly renameDrive: (driveId: string, name: string) => Effect.Effect<void, StandInError>
  /** Deletes a shared drive with all that is in it. */
  readonly removeDrive: (driveId: string) => Effect.Effect<void, StandInError>
  /** Makes somebody a member of a shared drive, or changes the role of a member. */
  readonly addMember: (
    driveId: string,
    emailAddress: string,
    role?: Exclude<Role, "owner">
  ) => Effect.Effect<void, StandInError>
  readonly removeMember: (driveId: string, emailAddress: string) => Effect.Effect<void, StandInError>
  readonly createFolder: (
    name: string,
    options?: Omit<NewFile, "name" | "mimeType" | "content">
  ) => Effect.Effect<string, StandInError>
  readonly createFile: (file: NewFile) => Effect.Effect<string, StandInError>
  /** A shortcut, also to an id that is nobody's. In the owner's My Drive by default. */
  readonly createShortcut: (
    targetId: string,
    options?: { readonly name?: string; readonly parent?: string; readonly owner?: string }
  ) => Effect.Effect<string, StandInError>
  /** New bytes; `modifiedTime` as a client may set it, now by default. */
  readonly updateContent: (
    id: string,
    content: Content,
    options?: { readonly modifiedTime?: number; readonly by?: string }
  ) => Effect.Effect<void, StandInError>
  readonly rename: (id: string, name: string) => Effect.Effect<void, StandInError>
  /** Changes what an item says of itself; its `modifiedTime` only if given. */
  readonly update: (
    id: string,
    what: Omit<NewFile, "name" | "parents" | "mimeType" | "content" | "owner" | "createdTime">
  ) => Effect.Effect<void, StandInError>
  /** Takes an item out of folders and puts it into others. */
  readonly move: (
    id: string,
    where: { readonly add?: ReadonlyArray<string>; readonly remove?: ReadonlyArray<string> }
  ) => Effect.Effect<void, StandInError>
  /** Puts an item into exactly these folders: several, as before 2020, or none. */
  readonly setParents: (id: string, parents: ReadonlyArray<string>) => Effect.Effect<void, StandInError>
  readonly trash: (id: string) => Effect.Effect<void, StandInError>
  readonly untrash: (id: string) => Effect.Effect<void, StandInError>
  /** Deletes for good, with all that is in it alone. */
  readonly remove: (id: string) => Effect.Effect<void, StandInError>
  /** Gives a permission; answers its id. */
  readonly share: (id: string, permission: NewPermission) => Effect.Effect<string, StandInError>
  /** Takes a permission away, by its id or by the address it is for. */
  readonly unshare: (id: string, permission: string) => Effect.Effect<void, StandInError>
  /** An account looks at an item: a change for that account although nothing changed, as Google writes it. */
  readonly touch: (account: string, id: string) => Effect.Effect<void, StandInError>
  /** Makes a tree of so many files; answers what was made, in the order of making. */
  readonly seed: (options: SeedOptions) => Effect.Effect<ReadonlyArray<SeededItem>, StandInError>
  /** All items but the top folders, in the order of creation; with `role` as one account has it. */
  readonly items: (account?: string) => Effect.Effect<ReadonlyArray<ItemView>, StandInError>
  /** The bytes of a file, or what an export of a document gives. */
  readonly bytes: (id: string, exportFormat?: string) => Effect.Effect<Uint8Array, StandInError>
  /** The id of the top folder of an account's My Drive. */
  readonly rootOf: (account: string) => Effect.Effect<string, StandInError>
}
