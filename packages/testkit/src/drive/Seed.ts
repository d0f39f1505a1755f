/** Trees made by number: what there is to say of them, and what one gets. */

/** What a seeded item is there for. */
export type SeededKind =
  | "folder"
  /** Nothing is in it. */
  | "emptyFolder"
  | "file"
  /** Another file in the same folder has the same name. */
  | "duplicateName"
  | "oddName"
  | "severalParents"
  | "noParents"
  | "document"
  | "spreadsheet"
  | "presentation"
  | "drawing"
  | "script"
  /** A document whose exports exceed what `files.export` gives. */
  | "tooLargeToExport"
  /** Google's own kinds that cannot be exported: forms, sites, maps, jamboards, and what other applications keep. */
  | "form"
  | "site"
  | "map"
  | "jam"
  | "thirdParty"
  | "shortcutToFile"
  | "shortcutToFolder"
  /** To a folder that it is in. */
  | "shortcutLoop"
  /** To nothing. */
  | "shortcutDangling"
  /** To a file in a shared drive that is there for it. */
  | "shortcutToOtherDrive"
  /** To somebody else's file that is open to whoever has the link and the resource key. */
  | "shortcutToKeyed"
  /** What those two lead to; outside of the tree. */
  | "shortcutTarget"
  | "trashed"
  | "trashedFolder"
  /** In the trash for the folder it is in. */
  | "inTrashedFolder"
  | "abusive"
  | "undownloadable"

/** What a tree is to be like. */
export interface SeedOptions {
  /** Ordinary files. */
  readonly files: number
  /** Ordinary folders, below `parent`; a twentieth of the files by default. */
  readonly folders?: number
  /** Decides everything that happens by chance; 1 by default. */
  readonly seed?: string | number
  /** The folder the tree grows in; the top folder of the owner's My Drive by default. */
  readonly parent?: string
  /** The account of `oauth` by default. */
  readonly owner?: string
  /** Most levels of folders; 8 by default. */
  readonly depth?: number
  /** Most bytes of an ordinary file; 8 kB by default. Most are much smaller, some are empty. */
  readonly maxSize?: number
  /** Adds all kinds of items that a client may stumble over, a few of each; off by default. */
  readonly special?: boolean
}

/** An item that was made. */
export interface SeededItem {
  readonly id: string
  readonly kind: SeededKind
  readonly name: string
  readonly mimeType: string
  readonly parents: ReadonlyArray<string>
}
