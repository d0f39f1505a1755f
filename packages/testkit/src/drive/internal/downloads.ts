/**
 * `files.download`, which gives content of any size in two steps, and the operations it starts.
 * https://developers.google.com/workspace/drive/api/guides/long-running-operations
 */
import { hash } from "node:crypto"
import { contentOf, exportOf } from "./content.ts"
import { render } from "./fields.ts"
import type { Item } from "./item.ts"
import { exportFormats, isExportable, isGoogleType } from "./mime.ts"
import { bytesAnswer, checkDownloadable, reachedItem } from "./reading.ts"
import { Refusal } from "./refusal.ts"
import { operation } from "./shapes.ts"
import { type Answer, json, maskOf, type Work } from "./work.ts"

interface Download {
  readonly fileId: string
  /** Of a document; files with bytes come as they are. */
  readonly format: string | undefined
  /** How often `operations.get` still says that it is not done. */
  polls: number
}

/** The downloads that were asked for, by the names of their operations. */
export interface Downloads {
  readonly started: Map<string, Download>
  /** How often a client must ask before one is done. */
  readonly polls: number
  /** Whether what they give can be read in ranges. */
  readonly partial: boolean
}

const type = (name: string): string => `type.googleapis.com/google.apps.drive.v3.${name}`

const operationAnswer = (work: Work, name: string, done: boolean): Answer =>
  json(
    render(
      {
        name: () => name,
        done: () => done,
        metadata: () => ({ "@type": type("DownloadFileMetadata") }),
        response: () =>
          done
            ? {
                "@type": type("DownloadFileResponse"),
                downloadUri: `${work.url}/download/${name}`,
                partialDownloadAllowed: work.downloads.partial
              }
            : undefined
      },
      work,
      maskOf(work, operation, "*")
    )
  )

const formatOf = (item: Item, asked: string | undefined): string | undefined => {
  if (!isGoogleType(item.mimeType)) {
    if (asked === undefined || asked === item.mimeType) return undefined
    throw new Refusal("badRequest", { message: "The requested conversion is not supported.", parameter: "mimeType" })
  }
  const format = asked ?? exportFormats[item.mimeType]?.[0]
  if (format === undefined) throw new Refusal("fileNotDownloadable")
  if (isExportable(item.mimeType, format)) return format
  throw new Refusal("badRequest", { message: "The requested conversion is not supported.", parameter: "mimeType" })
}

/** `files.download`: starts an operation. */
export const startDownload = (work: Work, id: string): Answer => {
  const item = reachedItem(work, id)
  const download = { fileId: item.id, format: formatOf(item, work.query.get("mimeType")), polls: work.downloads.polls }
  checkDownloadable(work, item)
  const name = hash("sha256", `${item.id} ${work.downloads.started.size}`, "base64url").slice(0, 40)
  work.downloads.started.set(name, download)
  return operationAnswer(work, name, download.polls === 0)
}

const downloadOf = (work: Work, name: string): Download => {
  const download = work.downloads.started.get(name)
  if (download === undefined)
    throw new Refusal("notFound", { message: `Operation not found: ${name}`, parameter: "name" })
  return download
}

/** `operations.get`. */
export const getOperation = (work: Work, name: string): Answer => {
  const download = downloadOf(work, name)
  const done = download.polls === 0
  if (!done) download.polls--
  return operationAnswer(work, name, done)
}

/** What a `downloadUri` gives. */
export const followDownload = (work: Work, name: string): Answer => {
  const { fileId, format } = downloadOf(work, name)
  const item = reachedItem(work, fileId)
  const body = format === undefined ? contentOf(item) : exportOf(item, format)
  return bytesAnswer(work, body, format ?? item.mimeType, { ranges: work.downloads.partial })
}
