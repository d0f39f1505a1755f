/**
 * Addresses of files in Drive.
 */

/** A file or folder as somebody names it: by its id, and the key that some links need. */
export interface Reference {
  readonly id: string
  /** https://developers.google.com/workspace/drive/api/guides/resource-keys */
  readonly resourceKey?: string | undefined
}

/** Opens any kind of file, wherever it is and whatever it is called: it has the id and nothing else. */
export const canonical = (id: string): string => `https://drive.google.com/open?id=${encodeURIComponent(id)}`

const isId = (text: string): boolean => /^[A-Za-z0-9_-]{4,}$/.test(text)

/** Paths that people copy: `/drive/folders/ID`, `/drive/u/0/folders/ID`, `/file/d/ID/view`, `/document/d/ID/edit`, `/open?id=ID`. */
const idIn = (url: URL): string | undefined =>
  /\/(?:folders|d)\/([A-Za-z0-9_-]{4,})/.exec(url.pathname)?.[1] ?? url.searchParams.get("id") ?? undefined

/** An id, or an address as the browser shows it; `undefined` where it is neither. */
export const parse = (text: string): Reference | undefined => {
  if (isId(text)) return { id: text }
  const url = URL.parse(text)
  if (url === null || !/(^|\.)google\.com$/.test(url.hostname)) return undefined
  const id = idIn(url)
  const resourceKey = url.searchParams.get("resourcekey") ?? undefined
  return id === undefined || !isId(id) ? undefined : { id, ...(resourceKey === undefined ? {} : { resourceKey }) }
}
