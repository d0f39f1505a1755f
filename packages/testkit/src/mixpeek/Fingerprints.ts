/**
 * A set of strings that keeps 53 bits of each: a million of them take 16 MB. Two different strings are taken for one
 * with a probability of about 1 in 18,000 for a million strings.
 */
import { hash } from "node:crypto"

export interface Fingerprints {
  /** False where it was there already. */
  readonly add: (text: string) => boolean
  readonly size: () => number
}

const empty = 0

/** Of the UTF-16 code units, since UTF-8 takes all lone surrogates for one. Never `empty`. */
const fingerprint = (text: string): number => {
  const digest = hash("sha256", Buffer.from(text, "utf16le"), "hex")
  return Number(BigInt(`0x${digest.slice(0, 16)}`) >> 11n) || 1
}

/** Where a fingerprint is in the table, or the free place where it belongs. */
const slotOf = (table: Float64Array, print: number): number => {
  let slot = print % table.length
  while (table[slot] !== empty && table[slot] !== print) slot = (slot + 1) % table.length
  return slot
}

export const make = (): Fingerprints => {
  let slots = new Float64Array(1024)
  let size = 0
  const grow = () => {
    const larger = new Float64Array(slots.length * 2)
    for (const print of slots) if (print !== empty) larger[slotOf(larger, print)] = print
    slots = larger
  }
  return {
    add: (text) => {
      const print = fingerprint(text)
      const slot = slotOf(slots, print)
      if (slots[slot] === print) return false
      slots[slot] = print
      size++
      if (size * 2 > slots.length) grow()
      return true
    },
    size: () => size
  }
}
