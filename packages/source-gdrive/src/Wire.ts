/**
 * The part of Google Drive's REST API (v3) this source reads. Answers are decoded strictly as to types and leniently as
 * to everything else: what was not asked for is missing, `null` counts as missing, unknown fields are left out. A page
 * of 1,000 files with 22 fields each takes 4 milliseconds.
 *
 * https://developers.google.com/workspace/drive/api/reference/rest/v3
 */
import { Effect, Schema } from "effect"
import { SchemaJITCompiler } from "effect/schema"

/** A field that was not asked for, or that this thing does not have. */
const maybe = Schema.optionalKey

/** int64 on the wire is a string. */
const Int64 = Schema.FiniteFromString.check(Schema.isInt())

/** Somebody. Google gives an address only where the user has made it visible. */
export const User = Schema.Struct({
  displayName: maybe(Schema.String),
  emailAddress: maybe(Schema.String),
  permissionId: maybe(Schema.String),
  me: maybe(Schema.Boolean)
})
export interface User extends Schema.Schema.Type<typeof User> {}

/** Who may do what with a file: one grant. */
export const Permission = Schema.Struct({
  id: maybe(Schema.String),
  /** `user`, `group`, `domain`, `anyone`. */
  type: maybe(Schema.String),
  /** `owner`, `organizer`, `fileOrganizer`, `writer`, `commenter`, `reader`. */
  role: maybe(Schema.String),
  emailAddress: maybe(Schema.String),
  displayName: maybe(Schema.String),
  domain: maybe(Schema.String),
  /** For `domain` and `anyone`: whether it is found by searching, or only by its link. */
  allowFileDiscovery: maybe(Schema.Boolean),
  expirationTime: maybe(Schema.String),
  /** The account it was for no longer exists. */
  deleted: maybe(Schema.Boolean),
  pendingOwner: maybe(Schema.Boolean),
  /** `published`, `metadata`: a grant on less than the whole file. */
  view: maybe(Schema.String),
  /** In shared drives: where the grant comes from. */
  permissionDetails: maybe(
    Schema.Array(
      Schema.Struct({
        permissionType: maybe(Schema.String),
        role: maybe(Schema.String),
        inherited: maybe(Schema.Boolean),
        inheritedFrom: maybe(Schema.String)
      })
    )
  )
})
export interface Permission extends Schema.Schema.Type<typeof Permission> {}

/** One field of a label: the list that goes with `valueType` is there. */
export const LabelField = Schema.Struct({
  id: maybe(Schema.String),
  /** `text`, `integer`, `dateString`, `selection`, `user`. */
  valueType: maybe(Schema.String),
  text: maybe(Schema.Array(Schema.String)),
  /** int64, left as they are written: they may be identifiers. */
  integer: maybe(Schema.Array(Schema.String)),
  /** `2026-01-31`. */
  dateString: maybe(Schema.Array(Schema.String)),
  /** Identifiers of choices; their names are at the Drive Labels API. */
  selection: maybe(Schema.Array(Schema.String)),
  user: maybe(Schema.Array(User))
})
export interface LabelField extends Schema.Schema.Type<typeof LabelField> {}

/** A label on a file. */
export const Label = Schema.Struct({
  id: Schema.String,
  revisionId: maybe(Schema.String),
  /** By the field's identifier. */
  fields: maybe(Schema.Record(Schema.String, LabelField))
})
export interface Label extends Schema.Schema.Type<typeof Label> {}

/** A file, folder or shortcut, as far as `fields` asked for it. */
export const File = Schema.Struct({
  id: Schema.String,
  name: maybe(Schema.String),
  mimeType: maybe(Schema.String),
  /** One at most, since 2020; none where its folder is not shared with us. */
  parents: maybe(Schema.Array(Schema.String)),
  /** The shared drive it is in. */
  driveId: maybe(Schema.String),
  trashed: maybe(Schema.Boolean),
  /** False where a folder above it was trashed. */
  explicitlyTrashed: maybe(Schema.Boolean),
  /** Bytes. Of native documents too, where it is not the size of any export. */
  size: maybe(Int64.check(Schema.isGreaterThanOrEqualTo(0))),
  /** Checksums are of files with content of their own; not of native documents, folders and shortcuts. */
  md5Checksum: maybe(Schema.String),
  sha1Checksum: maybe(Schema.String),
  sha256Checksum: maybe(Schema.String),
  headRevisionId: maybe(Schema.String),
  /** int64, left as it is written: grows with every change, also those nobody can see. */
  version: maybe(Schema.String),
  createdTime: maybe(Schema.DateTimeUtcFromString),
  /** Set by whoever writes; may lie in the future. */
  modifiedTime: maybe(Schema.DateTimeUtcFromString),
  /** When it was shared with us, where it was: by name, not because of the folder it is in. */
  sharedWithMeTime: maybe(Schema.DateTimeUtcFromString),
  description: maybe(Schema.String),
  /** Visible to every app. */
  properties: maybe(Schema.Record(Schema.String, Schema.String)),
  /** Visible to the app that asks. */
  appProperties: maybe(Schema.Record(Schema.String, Schema.String)),
  /** Not in shared drives. */
  owners: maybe(Schema.Array(User)),
  ownedByMe: maybe(Schema.Boolean),
  webViewLink: maybe(Schema.String),
  fileExtension: maybe(Schema.String),
  /** Of native documents: an address for each media type they can be exported as. */
  exportLinks: maybe(Schema.Record(Schema.String, Schema.String)),
  /** Needed to reach some files that are shared by link: https://developers.google.com/workspace/drive/api/guides/resource-keys */
  resourceKey: maybe(Schema.String),
  shortcutDetails: maybe(
    Schema.Struct({
      targetId: maybe(Schema.String),
      targetMimeType: maybe(Schema.String),
      targetResourceKey: maybe(Schema.String)
    })
  ),
  capabilities: maybe(Schema.Struct({ canDownload: maybe(Schema.Boolean) })),
  copyRequiresWriterPermission: maybe(Schema.Boolean),
  /** Where we may share it; never in shared drives. */
  permissions: maybe(Schema.Array(Permission)),
  permissionIds: maybe(Schema.Array(Schema.String)),
  /** In shared drives: it has grants of its own. */
  hasAugmentedPermissions: maybe(Schema.Boolean),
  /** Only the labels that `includeLabels` named. */
  labelInfo: maybe(Schema.Struct({ labels: maybe(Schema.Array(Label)) }))
})
export interface File extends Schema.Schema.Type<typeof File> {}

const absentIsEmpty = Schema.withDecodingDefaultKey

/** A page of `files.list`. An empty page does not end a listing; a missing `nextPageToken` does. */
export const FileList = Schema.Struct({
  files: Schema.Array(File).pipe(absentIsEmpty(Effect.succeed([]))),
  nextPageToken: maybe(Schema.String),
  /** Not all drives were searched: the listing is not complete. */
  incompleteSearch: maybe(Schema.Boolean)
})
export interface FileList extends Schema.Schema.Type<typeof FileList> {}

/** A shared drive. */
export const SharedDrive = Schema.Struct({
  id: Schema.String,
  name: maybe(Schema.String),
  createdTime: maybe(Schema.DateTimeUtcFromString),
  hidden: maybe(Schema.Boolean)
})
export interface SharedDrive extends Schema.Schema.Type<typeof SharedDrive> {}

/** A page of `drives.list`. */
export const SharedDriveList = Schema.Struct({
  drives: Schema.Array(SharedDrive).pipe(absentIsEmpty(Effect.succeed([]))),
  nextPageToken: maybe(Schema.String)
})
export interface SharedDriveList extends Schema.Schema.Type<typeof SharedDriveList> {}

/** Something happened to a file or a shared drive. */
export const Change = Schema.Struct({
  /** `file`, `drive`. */
  changeType: maybe(Schema.String),
  /** It is gone, or no longer ours to see; there is no `file` then. */
  removed: maybe(Schema.Boolean),
  fileId: maybe(Schema.String),
  file: maybe(File),
  driveId: maybe(Schema.String),
  drive: maybe(SharedDrive),
  time: maybe(Schema.DateTimeUtcFromString)
})
export interface Change extends Schema.Schema.Type<typeof Change> {}

/** A page of `changes.list`. The last one has `newStartPageToken`, every other one `nextPageToken`. */
export const ChangeList = Schema.Struct({
  changes: Schema.Array(Change).pipe(absentIsEmpty(Effect.succeed([]))),
  nextPageToken: maybe(Schema.String),
  newStartPageToken: maybe(Schema.String)
})
export interface ChangeList extends Schema.Schema.Type<typeof ChangeList> {}

/** Where to begin to follow changes from now on. */
export const StartPageToken = Schema.Struct({ startPageToken: Schema.String })
export interface StartPageToken extends Schema.Schema.Type<typeof StartPageToken> {}

/** A page of `permissions.list`. */
export const PermissionList = Schema.Struct({
  permissions: Schema.Array(Permission).pipe(absentIsEmpty(Effect.succeed([]))),
  nextPageToken: maybe(Schema.String)
})
export interface PermissionList extends Schema.Schema.Type<typeof PermissionList> {}

/** A page of `files.listLabels`. */
export const LabelList = Schema.Struct({
  labels: Schema.Array(Label).pipe(absentIsEmpty(Effect.succeed([]))),
  nextPageToken: maybe(Schema.String)
})
export interface LabelList extends Schema.Schema.Type<typeof LabelList> {}

/** Who asks, and what can be exported as what. */
export const About = Schema.Struct({
  user: maybe(User),
  /** By native media type: the media types it can be exported as. */
  exportFormats: maybe(Schema.Record(Schema.String, Schema.Array(Schema.String)))
})
export interface About extends Schema.Schema.Type<typeof About> {}

/** A download that Google prepares by itself (`files.download`): asked for again until it is done. */
export const Operation = Schema.Struct({
  name: Schema.String,
  done: maybe(Schema.Boolean),
  /** Why it failed, with a number of `google.rpc.Code`. */
  error: maybe(Schema.Struct({ code: maybe(Schema.Int), message: maybe(Schema.String) })),
  response: maybe(Schema.Struct({ downloadUri: maybe(Schema.String), partialDownloadAllowed: maybe(Schema.Boolean) }))
})
export interface Operation extends Schema.Schema.Type<typeof Operation> {}

/** Leaves out whatever is `null`, at any depth. What has none is given back as it is. */
export const withoutNulls = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) {
    let copy: Array<unknown> | undefined
    for (const [i, item] of value.entries()) {
      const kept = withoutNulls(item)
      if (kept !== item) (copy ??= value.slice())[i] = kept
    }
    return copy ?? value
  }
  let changed: Map<string, unknown> | undefined
  for (const [key, item] of Object.entries(value)) {
    const kept = withoutNulls(item)
    if (kept !== item || item === null) (changed ??= new Map()).set(key, kept)
  }
  if (changed === undefined) return value
  const entries = Object.entries(value).map(([key, item]) => [key, changed.has(key) ? changed.get(key) : item] as const)
  return Object.fromEntries(entries.filter(([, item]) => item !== null))
}

/**
 * Reads an answer; build it once for each schema. Compiled where Node allows that (`--disallow-code-generation-from-strings`
 * does not), a third of the time.
 */
export const decoder = <A>(schema: Schema.Decoder<A>): ((answer: unknown) => Effect.Effect<A, Schema.SchemaError>) => {
  SchemaJITCompiler.enable(schema.ast)
  const decode = Schema.decodeUnknownEffect(schema)
  return (answer) => decode(withoutNulls(answer))
}
