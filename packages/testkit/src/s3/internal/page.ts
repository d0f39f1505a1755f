/** Pages of a listing: which keys, which common prefixes, and where the next one goes on. */
import { compareKeys } from "./order.ts"
import { type Bucket, type Version, walk } from "./store.ts"

/** The last thing a page said: a key, or a common prefix whose keys are all behind it. */
export interface Mark {
  readonly kind: "key" | "prefix"
  readonly text: string
}

/** Whether a key comes after a mark. */
export const isPast =
  (mark: Mark) =>
  (key: string): boolean =>
    compareKeys(key, mark.text) > 0 && !(mark.kind === "prefix" && key.startsWith(mark.text))

/** What one page says. */
export interface Page {
  readonly contents: ReadonlyArray<Version>
  readonly prefixes: ReadonlyArray<string>
  readonly last: Mark | undefined
  readonly truncated: boolean
}

/** The common prefix that takes a key's place, if there is one. */
export const commonPrefix = (key: string, prefix: string, delimiter: string): string | undefined => {
  const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

/** A page of a bucket whose listing is in the order of its keys. */
export const orderedPage = (
  bucket: Bucket,
  prefix: string,
  delimiter: string,
  after: Mark | undefined,
  max: number
): Page => {
  const contents: Array<Version> = []
  const prefixes: Array<string> = []
  const past = after === undefined ? () => true : isPast(after)
  const keys = walk(bucket, (key) => compareKeys(key, prefix) >= 0 && past(key))
  let last: Mark | undefined
  for (let versions = keys.versions(); versions !== undefined; versions = keys.versions()) {
    const version = versions[0]
    if (version === undefined || !version.key.startsWith(prefix)) break
    if (version.deleteMarker) {
      keys.advance()
      continue
    }
    if (contents.length + prefixes.length === max) return { contents, prefixes, last, truncated: max > 0 }
    const common = commonPrefix(version.key, prefix, delimiter)
    if (common === undefined) {
      contents.push(version)
      last = { kind: "key", text: version.key }
      keys.advance()
    } else {
      prefixes.push(common)
      last = { kind: "prefix", text: common }
      keys.seek(isPast(last))
    }
  }
  return { contents, prefixes, last, truncated: false }
}
