/**
 * Folders that were listed while their log went on. One that is in the trash, or out of reach, in the moment when it is
 * listed looks empty. When it is back, the log has an entry for it, but by then the folder is as it was before: nothing
 * tells that it has to be listed again. So until the log was read beyond the listing, an entry about a folder above, at or
 * below where the listing began counts as a change, whatever the entry says.
 */
import type { Memory } from "./Memory.ts"

/** Folders where a listing began; `everything` for a sweep. */
export type Doubts = ReadonlySet<string>

export const everything = "*"

export const none: Doubts = new Set()

/** Folders that a cursor names one by one; more are everything. */
const capacity = 100

/** Those of two listings. */
export const both = (one: Iterable<string>, other: Iterable<string>): Doubts => {
  const all = new Set([...one, ...other])
  return all.size > capacity ? new Set([everything]) : all
}

/** Whether a folder, whose containers are in memory, is at or below one of them. */
export const has = (doubts: Doubts, memory: Memory, id: string): boolean =>
  doubts.has(everything) || aboveIn(memory, id).some((one) => doubts.has(one))

/** What has to be listed again when there is an entry about a folder. */
export const affected = (doubts: Doubts, memory: Memory, id: string): ReadonlyArray<string> => {
  if (has(doubts, memory, id)) return [id]
  return [...doubts].filter((one) => aboveIn(memory, one).includes(id))
}

/** It, and all that it is in. */
const aboveIn = (memory: Memory, id: string): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (let at: string | undefined = id; at !== undefined && !found.has(at); at = memory.container(at)?.within) {
    found.add(at)
  }
  return [...found]
}
