/** `files.get`: metadata, and with `alt=media` the bytes. */
import { readRange } from "../../internal/range.ts"
import { mayWrite, roleOn } from "./access.ts"
import { type Body, contentOf } from "./content.ts"
import { defaultFields, fileRenderer } from "./fileResource.ts"
import type { Item } from "./item.ts"
import { isGoogleType } from "./mime.ts"
import { fileNotFound, Refusal } from "./refusal.ts"
import { file } from "./shapes.ts"
import { type Answer, flag, json, maskOf, reaches, requestedItem, type Work } from "./work.ts"

/** What a file says of itself. */
export const getFile = (work: Work, id: string): Answer => {
  const mask = maskOf(work, file, defaultFields)
  return json(fileRenderer(work, mask)(requestedItem(work, id)))
}

/** The bytes of something, or the stretch of them that `Range` asks for. */
export const bytesAnswer = (
  work: Work,
  body: Body,
  contentType: string,
  { ranges = true }: { readonly ranges?: boolean } = {}
): Answer => {
  const range = ranges ? readRange(work.header("range"), body.size) : undefined
  if (range === "unsatisfiable") {
    throw new Refusal("requestedRangeNotSatisfiable", { headers: { "content-range": `bytes */${body.size}` } })
  }
  const [from, to] = range ?? [0, body.size]
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      "content-type": contentType,
      ...(ranges ? { "accept-ranges": "bytes" } : {}),
      ...(range === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${body.size}` })
    },
    body,
    from,
    to
  }
}

/** Refuses what the asker may see but not have. */
export const checkDownloadable = (work: Work, item: Item): void => {
  if (item.traits.undownloadable === true && !mayWrite(work.store, work.account, item)) {
    throw new Refusal("cannotDownloadFile")
  }
  if (item.traits.abusive !== true) return
  const role = roleOn(work.store, work.account, item)
  const acknowledges = flag(work, "acknowledgeAbuse") && (role === "owner" || role === "organizer")
  if (!acknowledges) throw new Refusal("cannotDownloadAbusiveFile")
}

/**
 * The item whose content is asked for. Content of shared drives is given to clients as well that do not say they know of
 * them: most of these methods have no parameter for it, and rclone reads bytes without.
 */
export const reachedItem = (work: Work, id: string): Item => {
  const item = work.store.items.get(id)
  if (item === undefined || !reaches(work, item)) throw fileNotFound(id)
  return item
}

/** The bytes of a file. */
export const getMedia = (work: Work, id: string): Answer => {
  const item = reachedItem(work, id)
  if (isGoogleType(item.mimeType)) throw new Refusal("fileNotDownloadable")
  checkDownloadable(work, item)
  return bytesAnswer(work, contentOf(item), item.mimeType)
}
