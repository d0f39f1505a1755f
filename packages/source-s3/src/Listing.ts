/**
 * One page of a listing: of objects (ListObjectsV2) or of versions (ListObjectVersions), as the source's options ask.
 */
import type { ListObjectVersionsCommandOutput } from "@aws-sdk/client-s3"
import { DateTime, Effect, Option } from "effect"
import type { Entry } from "./Entry.ts"
import { decoder, unquote } from "./internal/listPage.ts"
import { compare } from "./KeySpace.ts"
import type { Position } from "./Ranges.ts"
import type { S3 } from "./S3.ts"
import type { S3Error } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

export interface Listed {
  readonly entries: ReadonlyArray<Entry>
  /** Where the next page begins; `None` after the last one. */
  readonly next: Option.Option<Position>
}

export interface Listing {
  readonly page: (prefix: string, position: Position, maxKeys?: number) => Effect.Effect<Listed, S3Error>
  /** Whether no key lies after `from` up to and including `until`, both of them optional. */
  readonly isEmpty: (
    prefix: string,
    from: string | undefined,
    until: string | undefined
  ) => Effect.Effect<boolean, S3Error>
  /** The folders right under a prefix after a key, at most a page of them; and whether there were files besides. */
  readonly folders: (
    prefix: string,
    after: string
  ) => Effect.Effect<{ readonly folders: ReadonlyArray<string>; readonly files: boolean }, S3Error>
}

type Line = Omit<NonNullable<ListObjectVersionsCommandOutput["Versions"]>[number], "StorageClass">

const entry = (line: Line & { readonly StorageClass?: string | undefined }, key: string): Entry => ({
  key,
  etag: unquote(line.ETag),
  size: line.Size ?? 0,
  modifiedAt: line.LastModified,
  storageClass: line.StorageClass,
  restoring: line.RestoreStatus?.IsRestoreInProgress === true,
  restoredUntil: line.RestoreStatus?.RestoreExpiryDate,
  versionId: line.VersionId,
  latest: line.IsLatest ?? true,
  deleteMarker: false
})

export const make = (s3: S3["Service"], settings: Settings): Listing => {
  const page = settings.versions._tag === "Current" ? objects(s3, settings) : versions(s3, settings)
  return {
    page,
    isEmpty: (prefix, from, until) =>
      Effect.map(page(prefix, { after: from }, 1), ({ entries, next }) => {
        const [first] = entries
        // A page without entries but with a next one: nothing is known, so it counts as something.
        return first === undefined ? Option.isNone(next) : until !== undefined && compare(first.key, until) > 0
      }),
    folders: (prefix, after) =>
      Effect.map(
        s3.listObjects({
          Bucket: settings.bucket,
          Prefix: prefix,
          StartAfter: after,
          Delimiter: "/",
          EncodingType: "url",
          ...settings.payer
        }),
        ({ entries, folders }) => ({ folders, files: entries.length > 0 })
      )
  }
}

const objects =
  (s3: S3["Service"], settings: Settings): Listing["page"] =>
  (prefix, position, maxKeys) =>
    Effect.map(
      s3.listObjects({
        Bucket: settings.bucket,
        Prefix: prefix,
        EncodingType: "url",
        // Nothing in a directory bucket is archived, and asking is not allowed there.
        ...(settings.directory ? {} : { OptionalObjectAttributes: ["RestoreStatus"] }),
        ...(position.token === undefined
          ? position.after === undefined
            ? {}
            : { StartAfter: position.after }
          : { ContinuationToken: position.token }),
        ...(maxKeys === undefined ? {} : { MaxKeys: maxKeys }),
        ...settings.payer
      }),
      ({ entries, token, truncated }) => {
        const last = entries[entries.length - 1]
        return {
          entries,
          next:
            truncated && (token ?? last) !== undefined
              ? Option.some({ after: last?.key ?? position.after, token })
              : Option.none()
        }
      }
    )

/** Of one key, newest first; a version before a delete marker of the same instant, as losing a file is the greater harm. */
const newestFirst = (a: Entry, b: Entry): number =>
  compare(a.key, b.key) ||
  Number(b.latest) - Number(a.latest) ||
  (b.modifiedAt?.getTime() ?? 0) - (a.modifiedAt?.getTime() ?? 0) ||
  Number(a.deleteMarker) - Number(b.deleteMarker)

const versions =
  (s3: S3["Service"], settings: Settings): Listing["page"] =>
  (prefix, position, maxKeys) =>
    Effect.map(
      s3.listVersions({
        Bucket: settings.bucket,
        Prefix: prefix,
        EncodingType: "url",
        OptionalObjectAttributes: ["RestoreStatus"],
        ...(position.after === undefined ? {} : { KeyMarker: position.after }),
        ...(position.version === undefined ? {} : { VersionIdMarker: position.version }),
        ...(maxKeys === undefined ? {} : { MaxKeys: maxKeys }),
        ...settings.payer
      }),
      ({ DeleteMarkers = [], EncodingType, IsTruncated, NextKeyMarker, NextVersionIdMarker, Versions = [] }) => {
        const decode = decoder(EncodingType)
        const all = [
          ...Versions.map((line) => entry(line, decode(line.Key))),
          ...DeleteMarkers.map((line) => ({ ...entry(line, decode(line.Key)), deleteMarker: true }))
        ].toSorted(newestFirst)
        const { entries, found } = select(settings, all, position)
        const after = NextKeyMarker === undefined ? undefined : decode(NextKeyMarker)
        return {
          entries,
          next:
            IsTruncated === true && after !== undefined
              ? Option.some({ after, version: NextVersionIdMarker, found: found === after })
              : Option.none()
        }
      }
    )

/** What is wanted of a page's versions; and, as of an instant, the last key of which the version was found. */
const select = (settings: Settings, all: ReadonlyArray<Entry>, position: Position) => {
  const { versions } = settings
  if (versions._tag !== "AsOf") {
    // An older delete marker only says that the key was absent between two versions, which are listed themselves.
    return { entries: all.filter((entry) => !entry.deleteMarker || entry.latest), found: undefined }
  }
  const instant = DateTime.toEpochMillis(versions.instant)
  let found = position.found === true ? position.after : undefined
  const entries = all.filter((entry) => {
    if (entry.key === found || entry.modifiedAt === undefined || entry.modifiedAt.getTime() > instant) return false
    found = entry.key
    return !entry.deleteMarker
  })
  return { entries, found }
}
