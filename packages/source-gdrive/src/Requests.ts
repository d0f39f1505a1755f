/**
 * The requests this source makes, with what they can be asked. Shared drives are part of everything, answers come without
 * blanks for people, and `fields` says what they hold (https://developers.google.com/workspace/drive/api/guides/fields-parameter).
 */
import { Effect, type Scope } from "effect"
import type { Adapter, DriveClient, RequestOptions, Response } from "./DriveClient.ts"
import type { DriveError, Target } from "./DriveError.ts"
import { decodeAs } from "./internal/answer.ts"
import { acceptStatus, type Download, type Downloads } from "./internal/download.ts"
import type { Exchange } from "./internal/exchange.ts"
import * as Wire from "./Wire.ts"

/** What opens a file that is shared by link: its `resourceKey`. */
export interface Keyed {
  readonly resourceKey?: string | undefined
}

/** A page of a listing. */
export interface Page {
  /** As many at most; Google may give fewer, and none, before the end. */
  readonly pageSize: number
  readonly pageToken?: string | undefined
  /** `nextPageToken,incompleteSearch,files(id,name)`: with `nextPageToken`, or there is no second page. */
  readonly fields: string
}

export interface ListFiles extends Page {
  /** `'folder' in parents and trashed = false`: https://developers.google.com/workspace/drive/api/guides/search-files */
  readonly q?: string | undefined
  /** `drive` goes with `driveId`. */
  readonly corpora?: "user" | "domain" | "drive" | "allDrives" | undefined
  readonly driveId?: string | undefined
  /** Folders that `q` asks for: those that are shared by link are opened by their keys. */
  readonly keys?: ReadonlyArray<Keyed & { readonly id: string }> | undefined
  /** `name_natural`, `modifiedTime desc`, … */
  readonly orderBy?: string | undefined
  /** Identifiers of labels, separated by commas, for `labelInfo`. */
  readonly includeLabels?: string | undefined
}

export interface ListChanges extends Page {
  /** From `startPageToken`, or of the page before. */
  readonly pageToken: string
  /** Only what changes in this shared drive. */
  readonly driveId?: string | undefined
  readonly includeLabels?: string | undefined
  /** Also what is no longer ours to see; by default. */
  readonly includeRemoved?: boolean | undefined
  /** With the file itself, where it was removed from the list of changes and can still be read. */
  readonly includeCorpusRemovals?: boolean | undefined
  /** Only what is in My Drive. */
  readonly restrictToMyDrive?: boolean | undefined
}

export interface GetFile extends Keyed {
  readonly fields: string
  readonly includeLabels?: string | undefined
  /** It is what the source was told to read: where it is not there, there is no source (`Missing`, not `Gone`). */
  readonly root?: boolean | undefined
}

export interface Media extends Keyed {
  /** `bytes=100-`: answered by 206, or by 200 and everything. */
  readonly range?: string | undefined
  /** Reads it although Google holds it to be malware or spam; only its owner may. */
  readonly acknowledgeAbuse?: boolean | undefined
}

export interface Requests {
  readonly about: (fields: string) => Effect.Effect<Wire.About, DriveError>
  readonly getFile: (fileId: string, options: GetFile) => Effect.Effect<Wire.File, DriveError>
  readonly listFiles: (options: ListFiles) => Effect.Effect<Wire.FileList, DriveError>
  readonly listChanges: (options: ListChanges) => Effect.Effect<Wire.ChangeList, DriveError>
  /** Where to follow changes from: all that the account sees, or one shared drive. */
  readonly startPageToken: (driveId?: string) => Effect.Effect<string, DriveError>
  readonly listDrives: (
    options: Page & { readonly q?: string | undefined }
  ) => Effect.Effect<Wire.SharedDriveList, DriveError>
  readonly getDrive: (driveId: string) => Effect.Effect<Wire.SharedDrive, DriveError>
  /** Of a file we may share; of others Google says `no-permission`. */
  readonly listPermissions: (fileId: string, options: Page & Keyed) => Effect.Effect<Wire.PermissionList, DriveError>
  readonly listLabels: (
    fileId: string,
    options?: Keyed & { readonly pageToken?: string | undefined }
  ) => Effect.Effect<Wire.LabelList, DriveError>
  /** The bytes of a file that has some. */
  readonly media: (fileId: string, options?: Media) => Effect.Effect<Download, DriveError, Scope.Scope>
  /** A native document as another media type, up to 10 MB; Google knows no ranges of it. */
  readonly exportFile: (
    fileId: string,
    mimeType: string,
    options?: Keyed
  ) => Effect.Effect<Download, DriveError, Scope.Scope>
  /** Has Google prepare a download, also of what is too large for `exportFile`; `getOperation` tells when it is done. */
  readonly startDownload: (
    fileId: string,
    mimeType: string,
    options?: Keyed
  ) => Effect.Effect<Wire.Operation, DriveError>
  readonly getOperation: (name: string, fileId: string) => Effect.Effect<Wire.Operation, DriveError>
  /**
   * What is at an address that Google gave (`exportLinks`, `downloadUri`). The access token goes to `endpoint` and to
   * servers of Google's; an address that leads elsewhere is refused, at once or on the way.
   */
  readonly fetchLink: (
    url: string,
    options: { readonly fileId: string; readonly range?: string | undefined }
  ) => Effect.Effect<Download, DriveError, Scope.Scope>
}

const decoders = {
  about: Wire.decoder(Wire.About),
  changes: Wire.decoder(Wire.ChangeList),
  drive: Wire.decoder(Wire.SharedDrive),
  drives: Wire.decoder(Wire.SharedDriveList),
  file: Wire.decoder(Wire.File),
  files: Wire.decoder(Wire.FileList),
  labels: Wire.decoder(Wire.LabelList),
  operation: Wire.decoder(Wire.Operation),
  permissions: Wire.decoder(Wire.PermissionList),
  startPageToken: Wire.decoder(Wire.StartPageToken)
}

const plain = { prettyPrint: false } as const
const allDrives = { ...plain, supportsAllDrives: true } as const
const fromAllDrives = { ...allDrives, includeItemsFromAllDrives: true } as const

const unlock = (...keys: ReadonlyArray<Keyed & { readonly id: string }>): Record<string, string> => {
  const known = keys.flatMap(({ id, resourceKey }) => (resourceKey === undefined ? [] : [`${id}/${resourceKey}`]))
  return known.length === 0 ? {} : { "x-goog-drive-resource-keys": known.join(",") }
}
const ranged = (range: string | undefined): Record<string, string> => (range === undefined ? {} : { range })

/** Retries and access tokens are ours; where an answer leads is looked at before it is followed. */
const common = {
  redirect: "manual",
  retry: false,
  retryConfig: { shouldRetry: () => false },
  http2: false
} as const

export interface Options {
  readonly client: DriveClient
  /** What sees requests of the client already. */
  readonly adapter: Adapter | undefined
  readonly endpoint: string
  readonly exchange: Exchange
  readonly downloads: Downloads
}

export const make = ({ adapter, client, downloads, endpoint, exchange }: Options): Requests => {
  const json = <A>(
    target: Target,
    decode: Parameters<typeof decodeAs<A>>[1],
    send: (options: RequestOptions) => Promise<Response>,
    headers: Record<string, string> = {}
  ): Effect.Effect<A, DriveError> =>
    Effect.flatMap(
      exchange(target, (signal, authorization) =>
        send({
          ...common,
          signal,
          headers: { ...headers, ...authorization },
          responseType: "json",
          validateStatus: (status) => status >= 200 && status < 300
        })
      ),
      decodeAs(target, decode)
    )

  const bytes = (
    target: Target,
    send: (options: RequestOptions) => Promise<Response>,
    headers: Record<string, string>
  ): Effect.Effect<Download, DriveError, Scope.Scope> =>
    downloads.open(target, endpoint, headers, (signal, headers) =>
      send({
        ...common,
        signal,
        headers,
        responseType: "stream",
        validateStatus: acceptStatus,
        // The client asks for gzip whatever it is told; lengths and ranges would then be those of something else.
        adapter: (request, next) => {
          request.headers.set("accept-encoding", "identity")
          return adapter === undefined ? next(request) : adapter(request, next)
        }
      })
    )

  return {
    about: Effect.fn("Drive.about.get")((fields) =>
      json({ operation: "about.get" }, decoders.about, (options) => client.about.get({ ...plain, fields }, options))
    ),
    getFile: Effect.fn("Drive.files.get")((fileId, { root, resourceKey, ...params }) =>
      json(
        { operation: "files.get", fileId, root },
        decoders.file,
        (options) => client.files.get({ ...allDrives, ...params, fileId }, options),
        unlock({ id: fileId, resourceKey })
      )
    ),
    listFiles: Effect.fn("Drive.files.list")(({ keys = [], ...params }) =>
      json(
        { operation: "files.list", driveId: params.driveId },
        decoders.files,
        (options) => client.files.list({ ...fromAllDrives, ...params }, options),
        unlock(...keys)
      )
    ),
    listChanges: Effect.fn("Drive.changes.list")((params) =>
      json({ operation: "changes.list", driveId: params.driveId }, decoders.changes, (options) =>
        client.changes.list({ ...fromAllDrives, ...params }, options)
      )
    ),
    startPageToken: Effect.fn("Drive.changes.getStartPageToken")((driveId) =>
      Effect.map(
        json({ operation: "changes.getStartPageToken", driveId }, decoders.startPageToken, (options) =>
          client.changes.getStartPageToken({ ...allDrives, driveId }, options)
        ),
        ({ startPageToken }) => startPageToken
      )
    ),
    listDrives: Effect.fn("Drive.drives.list")((params) =>
      json({ operation: "drives.list" }, decoders.drives, (options) =>
        client.drives.list({ ...plain, ...params }, options)
      )
    ),
    getDrive: Effect.fn("Drive.drives.get")((driveId) =>
      json({ operation: "drives.get", driveId }, decoders.drive, (options) =>
        client.drives.get({ ...plain, driveId, fields: "id,name,createdTime,hidden" }, options)
      )
    ),
    listPermissions: Effect.fn("Drive.permissions.list")((fileId, { resourceKey, ...params }) =>
      json(
        { operation: "permissions.list", fileId },
        decoders.permissions,
        (options) => client.permissions.list({ ...allDrives, ...params, fileId }, options),
        unlock({ id: fileId, resourceKey })
      )
    ),
    listLabels: Effect.fn("Drive.files.listLabels")((fileId, { resourceKey, ...params } = {}) =>
      json(
        { operation: "files.listLabels", fileId },
        decoders.labels,
        (options) => client.files.listLabels({ ...plain, ...params, fileId }, options),
        unlock({ id: fileId, resourceKey })
      )
    ),
    media: Effect.fn("Drive.files.media")((fileId, { acknowledgeAbuse, range, resourceKey } = {}) =>
      bytes(
        { operation: "files.media", fileId },
        (options) => client.files.get({ ...allDrives, fileId, acknowledgeAbuse, alt: "media" }, options),
        { ...ranged(range), ...unlock({ id: fileId, resourceKey }) }
      )
    ),
    exportFile: Effect.fn("Drive.files.export")((fileId, mimeType, keyed) =>
      bytes(
        { operation: "files.export", fileId },
        (options) => client.files.export({ ...plain, fileId, mimeType }, options),
        unlock({ id: fileId, ...keyed })
      )
    ),
    startDownload: Effect.fn("Drive.files.download")((fileId, mimeType, keyed) =>
      json(
        { operation: "files.download", fileId },
        decoders.operation,
        (options) => client.files.download({ ...plain, fileId, mimeType }, options),
        unlock({ id: fileId, ...keyed })
      )
    ),
    getOperation: Effect.fn("Drive.operations.get")((name, fileId) =>
      json({ operation: "operations.get", fileId }, decoders.operation, (options) =>
        client.operations.get({ ...plain, name }, options)
      )
    ),
    fetchLink: Effect.fn("Drive.link")((url, { fileId, range }) =>
      downloads.open({ operation: "link", fileId }, url, ranged(range))
    )
  }
}
