/**
 * What is asked of Drive about files, with the fields, corpora and keys that this source needs.
 */
import { type Array as Arr, Effect, type Option } from "effect"
import type { ListFiles, Requests } from "./Requests.ts"
import type { DriveError } from "./DriveError.ts"
import type { Reference } from "./DriveUri.ts"
import * as FileFields from "./FileFields.ts"
import * as Formats from "./Formats.ts"
import type { Settings } from "./Settings.ts"
import type { File, FileList, Permission } from "./Wire.ts"

/** The most that Google gives at a time. */
const pageSize = 1000
/** Ids in one query: what rclone asks for, and what a query may hold. */
export const perQuery = 50

/** A folder that is to be listed. */
export interface Folder extends Reference {
  /** Names down to it, joined by `/`. */
  readonly path: string
  /** Shortcuts on the way to it. */
  readonly depth: number
  /** The shared drive to search, where we are a member of it. */
  readonly drive: string | undefined
}

/** Which files to search. */
export type Corpus = Pick<ListFiles, "corpora" | "driveId">

/** All that Drive says about files. */
export interface Listing {
  readonly settings: Settings
  /** Kinds of attributes that are loaded. */
  readonly asked: ReadonlySet<string>
  /** A file as it is now; `None` where there is none, or none that we may see. */
  readonly file: (reference: Reference) => Effect.Effect<Option.Option<File>, DriveError>
  /** The same of what the source was told to read: it must be there. */
  readonly root: (reference: Reference) => Effect.Effect<File, DriveError>
  /** What is in these folders, all of one corpus. */
  readonly children: (
    folders: Arr.NonEmptyReadonlyArray<Folder>,
    pageToken?: string
  ) => Effect.Effect<FileList, DriveError>
  readonly search: (
    condition: string,
    options?: Corpus & { readonly pageToken?: string | undefined; readonly orderBy?: string | undefined }
  ) => Effect.Effect<FileList, DriveError>
  /** Shortcuts that lead to any of these, as far as we can see them. */
  readonly shortcutsTo: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<File>, DriveError>
  readonly permissions: (reference: Reference) => Effect.Effect<ReadonlyArray<Permission>, DriveError>
}

/** A string in a query: https://developers.google.com/workspace/drive/api/guides/search-files */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

const anyOf = (conditions: ReadonlyArray<string>): string =>
  conditions.length === 1 ? (conditions[0] ?? "") : `(${conditions.join(" or ")})`

/** The conditions that hold for every file, besides where it is. */
const conditions = ({ includeTrashed, ownedBy }: Settings): ReadonlyArray<string> => [
  ...(includeTrashed ? [] : ["trashed = false"]),
  // Folders lead to what others own too.
  ...(ownedBy.length === 0
    ? []
    : [anyOf([`mimeType = '${Formats.folder}'`, ...ownedBy.map((owner) => `${quoted(owner)} in owners`)])])
]

/** There is no such thing, or none that we may see: Google does not tell which. */
export const isAbsent = ({ reason }: DriveError): boolean => reason._tag === "Gone" || reason._tag === "Missing"

/** A position in a listing that is no longer one. */
export const isStale = (error: DriveError): boolean => error.code === "page-token-expired"

export const make = (drive: Requests, settings: Settings, mapping: ReadonlySet<string>): Listing => {
  const asked = new Set([...settings.attributes, ...mapping])
  const fields = { file: FileFields.ofFile(settings, asked), list: FileFields.ofList(settings, asked) }
  const labels =
    asked.has("labels") && settings.labels.length > 0 ? { includeLabels: settings.labels.join(",") } : undefined

  const search: Listing["search"] = (condition, options) =>
    drive.listFiles({
      q: [condition, ...conditions(settings)].filter((one) => one !== "").join(" and "),
      pageSize,
      fields: fields.list,
      ...options,
      ...labels
    })

  const all = Effect.fnUntraced(function* (condition: string) {
    const files: Array<File> = []
    let pageToken: string | undefined
    do {
      const page: FileList = yield* drive.listFiles({
        q: condition,
        corpora: "allDrives",
        pageSize,
        pageToken,
        fields: fields.list,
        ...labels
      })
      files.push(...page.files)
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    return files
  })

  return {
    settings,
    asked,
    file: ({ id, resourceKey }) =>
      drive.getFile(id, { fields: fields.file, resourceKey, ...labels }).pipe(
        Effect.asSome,
        Effect.catchIf(isAbsent, () => Effect.succeedNone)
      ),
    root: ({ id, resourceKey }) => drive.getFile(id, { fields: fields.file, resourceKey, root: true, ...labels }),
    children: (folders, pageToken) => {
      const [{ drive: driveId }] = folders
      return drive.listFiles({
        q: [anyOf(folders.map(({ id }) => `${quoted(id)} in parents`)), ...conditions(settings)].join(" and "),
        pageSize,
        pageToken,
        fields: fields.list,
        keys: folders,
        ...(driveId === undefined ? {} : { corpora: "drive", driveId }),
        ...labels
      })
    },
    search,
    shortcutsTo: (ids) =>
      Effect.map(
        Effect.forEach(chunks(ids), (some) =>
          all(
            [
              anyOf(some.map((id) => `shortcutDetails.targetId = ${quoted(id)}`)),
              `mimeType = '${Formats.shortcut}'`,
              ...(settings.includeTrashed ? [] : ["trashed = false"])
            ].join(" and ")
          )
        ),
        (found) => found.flat()
      ),
    permissions: ({ id, resourceKey }) =>
      Effect.gen(function* () {
        const permissions: Array<Permission> = []
        let pageToken: string | undefined
        do {
          const page = yield* drive.listPermissions(id, {
            pageSize: 100,
            pageToken,
            fields: FileFields.ofPermissions,
            resourceKey
          })
          permissions.push(...page.permissions)
          pageToken = page.nextPageToken
        } while (pageToken !== undefined)
        return permissions
      })
  }
}

const chunks = (ids: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(ids.length / perQuery) }, (_, i) => ids.slice(i * perQuery, (i + 1) * perQuery))
