/**
 * The order of S3 keys, and where to cut it: pure functions on keys.
 *
 * S3 orders keys by the octets of their UTF-8 form, which is the order of code points, and not the order of JavaScript
 * strings (UTF-16 units) where a key has characters above U+FFFF.
 */
import { Effect, Option } from "effect"

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

/** One past the last code point. */
const top = 0x110000

/** A code point strictly between two others that may stand in a string (surrogates may not). */
const middle = (low: number, high: number): number | undefined => {
  const mid = Math.floor((low + high) / 2)
  if (mid <= low || mid >= high) return undefined
  if (mid < 0xd800 || mid > 0xdfff) return mid
  return high > 0xe000 ? 0xe000 : low < 0xd7ff ? 0xd7ff : undefined
}

const next = (code: number): number => (code === 0xd7ff ? 0xe000 : code + 1)

const codePoints = (text: string): ReadonlyArray<number> => Array.from(text, (char) => char.codePointAt(0) ?? 0)
const string = (codes: ReadonlyArray<number>): string => codes.map((code) => String.fromCodePoint(code)).join("")

const commonLength = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
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

/**
 * A key at which a stretch can be cut in two, so that something is left in the upper part; `None` where none is found.
 * It need not be the key of an object.
 *
 * `isEmpty` says whether the stretch from a key (exclusive) to another (inclusive; `undefined`: to the end) holds
 * nothing; it is asked about 5 to 20 times. First the common beginning of everything that is left is found by bisection
 * over the length of `after`, then the character behind it by bisection over code points. That reaches the middle of a
 * flat run of numbered keys as well as the next folder, and knows nothing of either.
 */
export const splitPoint = <E, R>(
  stretch: Stretch,
  isEmpty: (from: string, until: string | undefined) => Effect.Effect<boolean, E, R>
): Effect.Effect<Option.Option<string>, E, R> =>
  Effect.gen(function* () {
    const low = codePoints(stretch.after)
    const prefix = codePoints(stretch.prefix).length
    let ceiling = stretch.until
    /** Whether something is left above a cut. Where nothing is, the stretch in truth ends there. */
    const cuts = Effect.fnUntraced(function* (cut: string) {
      if (ceiling !== undefined && compare(cut, ceiling) >= 0) return false
      if (!(yield* isEmpty(cut, ceiling))) return true
      ceiling = cut
      return false
    })
    /** Cuts at one position, between two characters. */
    const bisect = Effect.fnUntraced(function* (at: number, low_: number, high_: number) {
      let high = high_
      const base = string(low.slice(0, at))
      for (let mid = middle(low_, high); mid !== undefined; mid = middle(low_, high)) {
        const cut = base + String.fromCodePoint(mid)
        if (yield* cuts(cut)) return Option.some(cut)
        high = mid
      }
      return Option.none<string>()
    })
    /** The cut after every key that shares the first `length` characters of `after`. */
    const afterAll = (length: number): string | undefined => {
      const last = next(low[length - 1] ?? top)
      return last < top ? string([...low.slice(0, length - 1), last]) : undefined
    }

    let at = prefix
    if (ceiling !== undefined) {
      const high = codePoints(ceiling)
      at = commonLength(low, high)
      const found = yield* bisect(at, low[at] ?? 0x1f, high[at] ?? 0)
      if (Option.isSome(found)) return found
    }
    let shallow = at + 1
    let deep = low.length + 1
    while (shallow < deep) {
      const length = Math.floor((shallow + deep) / 2)
      const cut = afterAll(length)
      const inside = cut !== undefined && (ceiling === undefined || compare(cut, ceiling) < 0)
      if (inside && (yield* cuts(cut))) deep = length
      else shallow = length + 1
    }
    if (deep > low.length) return Option.none()
    const char = low[deep - 1] ?? 0
    const better = yield* bisect(deep - 1, char, char < 0x7f ? 0x7f : top)
    return Option.orElse(better, () => Option.fromUndefinedOr(afterAll(deep)))
  })
