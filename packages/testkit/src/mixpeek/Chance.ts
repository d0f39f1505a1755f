/**
 * Chance that can be repeated.
 */
import { hash } from "node:crypto"

/** Fisher and Yates. */
export const shuffled = <A>(items: ReadonlyArray<A>, draw: () => number): ReadonlyArray<A> => {
  const result = items.slice()
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1))
    // Both indexes are within the array.
    ;[result[last], result[other]] = [result[other] as A, result[last] as A]
  }
  return result
}

/** A number in [0, 1) that depends on nothing but the text. */
export const fate = (text: string): number => Number.parseInt(hash("sha256", text, "hex").slice(0, 12), 16) / 2 ** 48
