/** Page tokens: opaque, of one query, and about a place in an order rather than a number of entries. */
import { hash } from "node:crypto"
import { Option, Schema } from "effect"
import { invalidValue } from "./refusal.ts"

const Place = Schema.Struct({
  /** The sort keys of the page's last entry. */
  keys: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
  /** Its number in the order of creation. */
  serial: Schema.Finite
})

/** The place a page ended at. */
export type Place = typeof Place.Type

// `of` is the query it belongs to. There is no place before the first entry: a page may have been empty.
const Token = Schema.fromJsonString(Schema.Struct({ of: Schema.String, place: Schema.NullOr(Place) }))

const decode = Schema.decodeUnknownOption(Token)
const prefix = "~!!~"

const fingerprint = (query: ReadonlyArray<string | undefined>): string =>
  hash("sha256", JSON.stringify(query), "base64url").slice(0, 12)

/** The token for the page after a place; `query` is all that must stay the same from page to page. */
export const writeToken = (query: ReadonlyArray<string | undefined>, place: Place | undefined): string =>
  prefix + Buffer.from(JSON.stringify({ of: fingerprint(query), place: place ?? null })).toString("base64url")

/** The place a token was written for: 400 for garbage and for tokens of other queries. */
export const readToken = (query: ReadonlyArray<string | undefined>, token: string): Place | undefined => {
  const text = token.startsWith(prefix) ? Buffer.from(token.slice(prefix.length), "base64url").toString() : ""
  const decoded = Option.getOrUndefined(decode(text))
  if (decoded?.of !== fingerprint(query)) throw invalidValue("pageToken")
  return decoded.place ?? undefined
}
