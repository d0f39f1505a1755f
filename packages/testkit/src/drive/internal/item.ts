/** What a Drive is made of: items, permissions, shared drives and the accounts that look at them. */

/** What a permission allows, the least first. `owner` is of My Drive, `organizer` and `fileOrganizer` of shared drives. */
export const roles = ["reader", "commenter", "writer", "fileOrganizer", "organizer", "owner"] as const
export type Role = (typeof roles)[number]

/** A permission given on one item (or, on the top folder of a shared drive, a membership). */
export interface Permission {
  /** The same for one grantee everywhere. */
  readonly id: string
  readonly type: "user" | "group" | "domain" | "anyone"
  readonly role: Role
  /** Of users and groups. */
  readonly emailAddress: string | undefined
  /** Of domains. */
  readonly domain: string | undefined
  /** Whether a search finds the item; of domains and anyone. */
  readonly allowFileDiscovery: boolean
}

/** A label with values: what `files.listLabels` tells. */
export interface Label {
  readonly id: string
  readonly fields?: Readonly<Record<string, { readonly text: ReadonlyArray<string> }>>
}

export interface ShortcutDetails {
  readonly targetId: string
  readonly targetMimeType: string
  readonly targetResourceKey: string | undefined
}

/** What most items have not. */
export interface Traits {
  readonly description?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly appProperties?: Readonly<Record<string, string>>
  readonly starred?: boolean
  readonly labels?: ReadonlyArray<Label>
  readonly shortcut?: ShortcutDetails
  readonly resourceKey?: string
  /** Who comes by link needs the resource key. */
  readonly demandsResourceKey?: boolean
  /** Flagged as malware: read only with `acknowledgeAbuse`. */
  readonly abusive?: boolean
  /** `capabilities.canDownload` is false for readers and commenters alike. */
  readonly undownloadable?: boolean
}

/** Hex digests of the content, each there once somebody asked. */
export interface Digests {
  md5?: string
  sha1?: string
  sha256?: string
}

/** What a folder hands down, as of one epoch of the store. */
export interface Inheritance {
  epoch: number
  trashed: boolean | undefined
  readonly grants: Map<string, Grant>
}

/** Ranks (0 for none) of what one account may do with an item, by how it came to it. */
export interface Grant {
  /** By ownership, or by a permission for the account or for a group of its. */
  readonly given: number
  /** By membership in the shared drive. */
  readonly member: number
  /** By a permission for the whole domain. */
  readonly domain: number
  /** By a permission for anyone. */
  readonly link: number
}

/** A file, folder, document or shortcut. One object for each; made by the hundred thousand. */
export interface Item {
  /** Ascends with creation; the order of listings. */
  readonly serial: number
  readonly id: string
  name: string
  readonly mimeType: string
  /** One, none (a file whose folder is not the asker's), or several (files from before 2020). */
  parents: ReadonlyArray<string>
  /** The shared drive it is in. */
  driveId: string | undefined
  /** Who owns it, or who made it if it is in a shared drive. */
  owner: string
  modifiedBy: string
  /** Milliseconds since 1970, like all times. */
  readonly createdTime: number
  modifiedTime: number
  version: number
  explicitlyTrashed: boolean
  /** Of the content; for documents, of what an export gives. */
  size: number
  /** Absent where the content is computed. */
  bytes: Uint8Array | undefined
  /** Grows with the content. */
  revision: number
  digests: Digests | undefined
  /** Given on this very item, by permission id. */
  permissions: ReadonlyMap<string, Permission>
  traits: Traits
  /** When each account looked at it last. */
  viewed: ReadonlyMap<string, number> | undefined
  /** When each account was given it. */
  sharedTimes: ReadonlyMap<string, number> | undefined
  deleted: boolean
  /** Kept for folders alone. */
  inheritance: Inheritance | undefined
}

/** A shared drive. Its top folder is the item of the same id; its members are that item's permissions. */
export interface SharedDrive {
  readonly id: string
  name: string
  readonly createdTime: number
}

/** Somebody who asks. */
export interface Account {
  readonly email: string
  readonly displayName: string
  readonly permissionId: string
  /** Absent for service accounts, which belong to no domain. */
  readonly domain: string | undefined
  readonly rootId: string
}

/** No traits: shared, since most items have none. */
export const plain: Traits = {}

/** No permissions. */
export const unshared: ReadonlyMap<string, Permission> = new Map()
