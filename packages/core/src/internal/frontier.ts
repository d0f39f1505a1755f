/**
 * Which pages are still unsettled, by range, and how far each range's cursor may move: never past the first page that
 * has a change without an outcome.
 */
import type { Container, Cursor, Page, RangeCursor } from "../Change.ts"
import type { Advance, Settlement } from "../Ledger.ts"

/** A page on its way; `pending` counts its changes without an outcome. */
export interface OpenPage {
  readonly range: string
  readonly follows: boolean
  cursor: Cursor
  containers: ReadonlyArray<Container>
  pending: number
}

export interface Frontier {
  /** Takes in a page in the order of its range. A page with nothing pending may move the cursor at once. */
  readonly open: (page: RangeCursor & Pick<Page, "follows" | "containers">, pending: number) => OpenPage
  /** One change of this page has its outcome. */
  readonly settle: (page: OpenPage) => void
  /** The cursors that moved since the last call, and the containers of the pages they passed: they may be stored now. */
  readonly advanced: () => Pick<Settlement, "cursors" | "containers">
  /** Pages that hold a cursor back. */
  readonly unsettled: () => number
}

export const make = (): Frontier => {
  const ranges = new Map<string, Array<OpenPage>>()
  const moved = new Map<string, Advance>()
  let passed: Array<Container> = []

  const advance = (range: string, pages: Array<OpenPage>) => {
    let settled = 0
    while (settled < pages.length && pages[settled]?.pending === 0) settled++
    const last = pages[settled - 1]
    if (last === undefined) return
    for (const { containers } of pages.splice(0, settled)) passed.push(...containers)
    moved.set(range, { range, cursor: last.cursor, follows: last.follows })
    if (pages.length === 0) ranges.delete(range)
  }

  return {
    open: ({ containers = [], cursor, follows = false, range }, pending) => {
      const pages = ranges.get(range) ?? []
      ranges.set(range, pages)
      const last = pages.at(-1)
      // Settled pages behind an unsettled one are kept as one, so that what is kept is bounded by what is unsettled.
      if (pending === 0 && last !== undefined && last.pending === 0) {
        last.cursor = cursor
        last.containers = [...last.containers, ...containers]
        return last
      }
      const page: OpenPage = { range, follows, cursor, containers, pending }
      pages.push(page)
      advance(range, pages)
      return page
    },
    settle: (page) => {
      page.pending--
      if (page.pending > 0) return
      const pages = ranges.get(page.range)
      if (pages === undefined) return
      advance(page.range, pages)
      // A page that was settled behind an unsettled one joins its settled neighbours.
      const at = pages.indexOf(page)
      const next = pages[at + 1]
      let kept = page
      if (at >= 0 && next !== undefined && next.pending === 0) {
        pages.splice(at, 1)
        next.containers = [...page.containers, ...next.containers]
        kept = next
      }
      const before = pages[at - 1]
      if (at > 0 && before !== undefined && before.pending === 0) {
        pages.splice(at - 1, 1)
        kept.containers = [...before.containers, ...kept.containers]
      }
    },
    advanced: () => {
      const cursors = [...moved.values()]
      const containers = passed
      moved.clear()
      passed = []
      return { cursors, containers }
    },
    unsettled: () => {
      let count = 0
      for (const pages of ranges.values()) for (const page of pages) if (page.pending > 0) count++
      return count
    }
  }
}
