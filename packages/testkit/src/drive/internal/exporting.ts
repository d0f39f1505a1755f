/**
 * Google's own documents in other formats: `files.export` and the export links.
 * https://developers.google.com/workspace/drive/api/guides/manage-downloads
 */
import { exportOf } from "./content.ts"
import type { Item } from "./item.ts"
import { exportFormats, exportLimit, isExportable } from "./mime.ts"
import { bytesAnswer, checkDownloadable, reachedItem } from "./reading.ts"
import { Refusal } from "./refusal.ts"
import type { Answer, Work } from "./work.ts"

const badFormat = (): Refusal =>
  new Refusal("badRequest", { message: "The requested conversion is not supported.", parameter: "convertTo" })

const checkExportable = (item: Item, format: string): void => {
  if (!(item.mimeType in exportFormats)) throw new Refusal("fileNotExportable")
  if (!isExportable(item.mimeType, format)) throw badFormat()
}

/** `files.export`: ten megabytes, and no ranges. */
export const exportFile = (work: Work, id: string): Answer => {
  const item = reachedItem(work, id)
  const format = work.query.get("mimeType")
  if (format === undefined) {
    throw new Refusal("required", { message: "Required parameter: mimeType", parameter: "mimeType" })
  }
  checkExportable(item, format)
  checkDownloadable(work, item)
  if (item.size > exportLimit) throw new Refusal("exportSizeLimitExceeded")
  return bytesAnswer(work, exportOf(item, format), format, { ranges: false })
}

/** One of a document's `exportLinks`: any size, but no ranges. */
export const followExportLink = (work: Work): Answer => {
  const item = reachedItem(work, work.query.get("id") ?? "")
  const format = work.query.get("exportFormat") ?? ""
  checkExportable(item, format)
  checkDownloadable(work, item)
  return bytesAnswer(work, exportOf(item, format), format, { ranges: false })
}
