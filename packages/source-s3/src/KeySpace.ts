/**
 * The order of S3 keys, and where to cut it: pure functions on keys.
 *
 * S3 orders keys by the octets of their UTF-8 form, which is the order of code points, and not the order of JavaScript
 * strings (UTF-16 units) where a key has characters above U+FFFF.
 */
import { Effect } from "effect"

const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** Negative, zero or positive: `a` before, equal to, after `b` in the order of S3. Both are well-formed Unicode. */
export const compare = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** The shortest prefixes that together begin every key which one of `prefixes` begins; in key order, none within another. */
export const outermost = (prefixes: ReadonlyArray<string>): ReadonlyArray<string> =>
  prefixes
    .toSorted(compare)
    .reduce<Array<string>>(
      (kept, prefix) =>
        kept.length > 0 && prefix.startsWith(kept[kept.length - 1] ?? prefix) ? kept : [...kept, prefix],
      []
    )

/** The prefixes that begin exactly the keys which both a prefix of `a` and a prefix of `b` begin. */
export const intersect = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ReadonlyArray<string> =>
  outermost(
    a.flatMap((left) => b.flatMap((right) => (left.startsWith(right) ? [left] : right.startsWith(left) ? [right] : [])))
  )

/** Every second, third, … of them, so that at most `count` are left, evenly spread. */
export const spread = <A>(items: ReadonlyArray<A>, count: number): ReadonlyArray<A> => {
  if (items.length <= count) return items
  const kept: Array<A> = []
  for (let i = 1; i <= count; i++) {
    const item = items[Math.floor((i * items.length) / (count + 1))]
    if (item !== undefined) kept.push(item)
  }
  return kept
}

/**
 * Characters by which keys that follow each other differ first: those that matter where keys like these are cut. The digits,
 * where keys are numbered.
 */
export const alphabet = (keys: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (let i = 1; i < keys.length; i++) {
    const before = Array.from(keys[i - 1] ?? "")
    const after = Array.from(keys[i] ?? "")
    const at = commonLength(before, after)
    for (const char of [before[at], after[at]]) if (char !== undefined) found.add(char)
  }
  return [...found].toSorted(compare)
}

/** One past the last code point. */
const top = 0x110000

/** Surrogates stand in no string: what comes first after them takes their place. */
const charOf = (code: number): string => String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0xe000 : code)

const commonLength = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i++
  return i
}

/** Something to cut. */
export interface Stretch {
  /** Every key of the stretch begins with it, `after` and `until` too. */
  readonly prefix: string
  /** The last key that is already taken: the stretch begins right after it. */
  readonly after: string
  /** The last key that belongs to the stretch; without it, the stretch ends where `prefix` does. */
  readonly until: string | undefined
}

/** Questions asked at a time. Where answers take long, what counts is how often one waits. */
const atOnce = 7

/** The greatest of `low … high - 1` that holds, where what holds ends somewhere and `low` holds. */
const greatest = Effect.fnUntraced(function* <E, R>(
  lowest: number,
  end: number,
  holds: (value: number) => Effect.Effect<boolean, E, R>
) {
  let low = lowest
  let high = end
  while (high - low > 1) {
    const step = (high - low) / (atOnce + 1)
    const asked = [
      ...new Set(Array.from({ length: atOnce }, (_, i) => Math.max(low + 1, Math.floor(low + step * (i + 1)))))
    ].filter((value) => value < high)
    const answers = yield* Effect.forEach(asked, holds, { concurrency: atOnce })
    const failed = answers.indexOf(false)
    if (failed >= 0) high = asked[failed] ?? high
    low = asked[failed < 0 ? asked.length - 1 : failed - 1] ?? low
  }
  return low
})

/**
 * Up to `count` keys, in order, at which a stretch can be cut into parts, so that something is left above the first of them; none
 * where none is found. They need not be keys of objects.
 *
 * `isEmpty` says whether the stretch from a key (exclusive) to another (inclusive; `undefined`: to the end) holds nothing; it is
 * asked some 20 times, seven at a time. First the common beginning of everything that is left is found, then the last character
 * that is behind it. Between that and the first one it is cut at `characters`, those by which keys here differ (`alphabet`),
 * and at two of them where one gives too few parts: that reaches a flat run of numbered keys as well as folders, and knows nothing
 * of either.
 */
export const splitPoints = <E, R>(
  { after, prefix, until }: Stretch,
  { characters, count }: { readonly characters: ReadonlyArray<string>; readonly count: number },
  isEmpty: (from: string, until: string | undefined) => Effect.Effect<boolean, E, R>
): Effect.Effect<ReadonlyArray<string>, E, R> =>
  Effect.gen(function* () {
    const low = Array.from(after)
    const isInside = (cut: string) => compare(cut, after) > 0 && (until === undefined || compare(cut, until) < 0)
    /** Whether something is left above a cut. */
    const cuts = (cut: string) =>
      isInside(cut) ? Effect.map(isEmpty(cut, until), (empty) => !empty) : Effect.succeed(false)
    /** Comes after every key that shares the first `length` characters of `after`; the fewer, the later. */
    const afterAll = (length: number) => {
      const code = low[length - 1]?.codePointAt(0)
      return code === undefined || code + 1 >= top ? undefined : low.slice(0, length - 1).join("") + charOf(code + 1)
    }
    const first = Array.from(prefix).length
    const lengths = Array.from({ length: low.length - first }, (_, i) => low.length - i).filter(
      (length) => afterAll(length) !== undefined
    )
    const deepest = yield* greatest(-1, lengths.length, (at) => cuts(afterAll(lengths[at] ?? 0) ?? after))
    const at = lengths[deepest]
    if (at === undefined) return []
    const base = low.slice(0, at - 1).join("")
    const code = low[at - 1]?.codePointAt(0) ?? 0
    const last = yield* greatest(code + 1, code < 0x7f ? 0x80 : top, (one) => cuts(base + charOf(one)))
    const isBetween = (char: string) => {
      const one = char.codePointAt(0) ?? 0
      return one > code && one < last
    }
    const firsts = [...characters.filter(isBetween), charOf(last)]
    const seconds = [low[at - 1] ?? "", ...firsts].flatMap((char) => characters.map((second) => char + second))
    const all = firsts.length < count ? [...firsts, ...seconds] : firsts
    const sorted = [...new Set(all.map((chars) => base + chars))].filter(isInside).toSorted(compare)
    // Of the last one it is known that something is above it; what is beyond it may be empty.
    const kept = spread(sorted, count)
    return kept.some((cut) => compare(cut, base + charOf(last)) <= 0) ? kept : [base + charOf(last)]
  })
