/**
 * Folders as far as they are known without asking Drive: what the ledger keeps of them, over which goes what this run has
 * said of them, over which goes what the log of changes says of them now.
 */
import type { Change } from "@sluice/core"
import { Effect } from "effect"
import * as Containers from "./Containers.ts"
import type { Remembered } from "./Places.ts"
import type { File } from "./Wire.ts"

export interface Memory {
  /** Brings to mind what is kept of these, and of all that they are in. */
  readonly load: (ids: Iterable<string>) => Effect.Effect<void>
  /** A folder whose content is taken, as it was when that was listed last. */
  readonly container: (id: string) => Change.Container | undefined
  /** A shortcut that is followed leads there. */
  readonly isMarked: (id: string) => boolean
  /** What helps to find its place. */
  readonly remember: (id: string) => Remembered | undefined
  /** Said by this run. */
  readonly put: (containers: ReadonlyArray<Change.Container>) => void
  /** It is no longer taken, nor is what is in it. */
  readonly drop: (id: string) => void
  /** As Drive has it now. */
  readonly refresh: (folder: File) => void
}

/** Kept of what was looked up; older ones are looked up again. */
const capacity = 100_000

export const make = (
  lookUp: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Change.Container>>
): Memory => {
  /** `undefined`: the ledger has none. */
  const kept = new Map<string, Change.Container | undefined>()
  /** When something was said, and when something was dropped: counted from the first. What is kept was before. */
  let now = 0
  const said = new Map<string, { readonly container: Change.Container; readonly at: number }>()
  const dropped = new Map<string, number>()
  const fresh = new Map<string, File>()

  const containerAt = (id: string) => said.get(id)?.container ?? kept.get(id)
  const isDroppedSince = (id: string, at: number) => (dropped.get(id) ?? -1) > at

  /** What was in a folder is dropped with it, and does not come back with it. */
  const container = (id: string) => {
    let oldest = now
    const seen = new Set<string>()
    for (let above: string | undefined = id; above !== undefined && !seen.has(above);) {
      oldest = Math.min(oldest, said.get(above)?.at ?? 0)
      if (isDroppedSince(above, oldest)) return undefined
      seen.add(above)
      above = containerAt(above)?.within
    }
    return containerAt(id)
  }

  const load = Effect.fnUntraced(function* (ids: Iterable<string>) {
    if (kept.size > capacity) kept.clear()
    let wanted = new Set(ids)
    while (wanted.size > 0) {
      const unknown = [...wanted].filter((id) => !kept.has(id))
      const found = unknown.length === 0 ? new Map<string, Change.Container>() : yield* lookUp(unknown)
      for (const id of unknown) kept.set(id, found.get(id))
      const above = new Set<string>()
      for (const id of wanted) {
        const within = containerAt(id)?.within
        if (within !== undefined && !kept.has(within)) above.add(within)
      }
      wanted = above
    }
  })

  return {
    load,
    container,
    isMarked: (id) => container(Containers.markOf(id)) !== undefined,
    remember: (id) => {
      const file = fresh.get(id)
      if (file !== undefined) return { _tag: "Fresh", file }
      if (isDroppedSince(id, said.get(id)?.at ?? 0)) return { _tag: "Gone" }
      const known = container(id)
      const state = known && Containers.stateOf(known)
      return (
        known &&
        state && { _tag: "Listed", name: state.name, within: known.within, isShortcut: state.target !== undefined }
      )
    },
    put: (containers) => {
      // All of them are said at once: a folder that comes back is back for those in it that come before it.
      const back = containers.filter(({ id }) => containerAt(id) !== undefined && container(id) === undefined)
      for (const { id } of back) dropped.set(id, ++now)
      for (const one of containers) said.set(one.id, { container: one, at: ++now })
    },
    drop: (id) => {
      dropped.set(id, ++now)
      fresh.delete(id)
    },
    refresh: (folder) => {
      fresh.set(folder.id, folder)
    }
  }
}
