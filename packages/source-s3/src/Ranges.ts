/**
 * The stretches of the key space that a sweep lists at the same time, and how a later sweep takes them up again.
 *
 * A range is everything after `from` up to and including `until`. Its id is where it begins, so it stays the same while
 * its end moves down: cutting a range gives the upper part to a new one, and only later cursors of the lower part know.
 * Stored cursors may therefore overlap (the upper part was stored, the lower part's last cursor is from before the cut)
 * or leave a gap (the other way round). `resume` puts both right: each range ends at the latest where the next one
 * begins, and what no range covers is listed from its beginning.
 */
import { Change } from "@sluice/core"
import { Option, Schema } from "effect"
import { compare } from "./KeySpace.ts"

/** How far a range is listed. */
export interface Position {
  /** The last key listed. */
  readonly after?: string | undefined
  /** The last version listed of that key, where versions are listed. */
  readonly version?: string | undefined
  /** That key's version as of the instant was found already. */
  readonly found?: boolean | undefined
  /** The server's continuation token: the quick way within a run, and the only one where keys come unordered. */
  readonly token?: string | undefined
}

export interface Range {
  /** What every key of it begins with; listings name it, so that a permission for just this prefix is enough. */
  readonly prefix: string
  /** Begins after this key; at the beginning of the prefix where `undefined`. */
  readonly from: string | undefined
  /** Ends with this key; at the end of the prefix where `undefined`. */
  until: string | undefined
  position: Position
  /** Keys come in no order: never cut, and resumed by the server's token. */
  unordered: boolean
}

/** Everything under a prefix. */
export const whole = (prefix: string): Range => between(prefix, undefined, undefined)

export const between = (prefix: string, from: string | undefined, until: string | undefined): Range => ({
  prefix,
  from,
  until,
  position: from === undefined ? {} : { after: from },
  unordered: false
})

/** Where it begins. Ranges of one sweep begin at different places, and stay there. */
export const id = (range: Range): string => range.from ?? range.prefix

/** Cuts a range in place; the new ranges are the parts above, in order. `cuts` are in order, within what is left. */
export const cut = (range: Range, cuts: ReadonlyArray<string>): ReadonlyArray<Range> => {
  const end = range.until
  const parts = cuts.map((from, i) => between(range.prefix, from, cuts[i + 1] ?? end))
  range.until = cuts[0] ?? end
  return parts
}

const Stored = Schema.fromJsonString(
  Schema.Struct({
    prefix: Schema.String,
    from: Schema.optionalKey(Schema.String),
    until: Schema.optionalKey(Schema.String),
    after: Schema.optionalKey(Schema.String),
    version: Schema.optionalKey(Schema.String),
    found: Schema.optionalKey(Schema.Literal(true)),
    /** Only where keys come unordered. */
    token: Schema.optionalKey(Schema.String),
    done: Schema.optionalKey(Schema.Literal(true))
  })
)
type Stored = typeof Stored.Type
const encode = Schema.encodeSync(Stored)
const decode = Schema.decodeUnknownOption(Stored)

/** The cursor of a page that ends where the range stands now; `done` where it is the last one. */
export const cursor = (range: Range, done: boolean): Change.RangeCursor => {
  const { after, version, found, token } = range.position
  return {
    range: id(range),
    cursor: Change.Cursor.make(
      encode({
        prefix: range.prefix,
        ...(range.from === undefined ? {} : { from: range.from }),
        ...(range.until === undefined ? {} : { until: range.until }),
        ...(done
          ? { done }
          : {
              ...(after === undefined ? {} : { after }),
              ...(version === undefined ? {} : { version }),
              ...(found === true ? { found } : {}),
              ...(range.unordered && token !== undefined ? { token } : {})
            })
      })
    )
  }
}

/** `a` is not before `b`; `undefined` is the end of the prefix. */
const reaches = (a: string | undefined, b: string): boolean => a === undefined || compare(a, b) >= 0

/**
 * What is left to list under these prefixes, in key order. Cursors that are not ours, or belong to a prefix that is no
 * longer listed, count for nothing: what they covered is listed again.
 */
export const resume = (
  prefixes: ReadonlyArray<string>,
  stored: ReadonlyArray<Change.RangeCursor>
): ReadonlyArray<Range> => {
  const known = stored.flatMap(({ cursor }) => Option.toArray(decode(cursor)))
  return prefixes.flatMap((prefix) =>
    left(
      prefix,
      known.filter((range) => range.prefix === prefix)
    )
  )
}

const left = (prefix: string, known: ReadonlyArray<Stored>): ReadonlyArray<Range> => {
  const sorted = known.toSorted((a, b) =>
    a.from === undefined ? -1 : b.from === undefined ? 1 : compare(a.from, b.from)
  )
  const ranges: Array<Range> = []
  /** Everything up to here is covered; the outer `undefined` means nothing is, the inner one everything. */
  let covered: { readonly until: string | undefined } | undefined
  sorted.forEach((range, i) => {
    const { from } = range
    if (from !== undefined && (covered === undefined || !reaches(covered.until, from))) {
      ranges.push(between(prefix, covered?.until, from))
    }
    const nextFrom = sorted[i + 1]?.from
    const until = nextFrom !== undefined && reaches(range.until, nextFrom) ? nextFrom : range.until
    covered = { until }
    if (range.done === true || (until !== undefined && range.after !== undefined && compare(range.after, until) > 0)) {
      return
    }
    ranges.push({
      prefix,
      from,
      until,
      position: {
        after: range.after ?? from,
        version: range.version,
        found: range.found,
        token: range.token
      },
      unordered: range.token !== undefined
    })
  })
  if (covered === undefined) return [whole(prefix)]
  if (covered.until !== undefined) ranges.push(between(prefix, covered.until, undefined))
  return ranges
}
