/**
 * The memory of buffers that content went through, given back in time.
 *
 * V8 does not see that memory when it decides to collect: it lets 64 MB of it pile up, and then marks all that is alive to find
 * what is not. What a buffer of a connection leaves behind is young, so collecting the young is enough, and takes a millisecond.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

type Kind = { readonly type: "minor" } | { readonly type: "major"; readonly flavor: "last-resort" }
type Collect = (kind: Kind) => void

/** So many bytes of garbage. */
const every = 8 * 1024 ** 2
/** A heap of this size or less is collected as a whole in some 50 milliseconds. */
const smallHeap = 128 * 1024 ** 2

const isCollect = (value: unknown): value is Collect => typeof value === "function"

/** What `--expose-gc` shows; nothing where this is no Node. */
const find = (): Collect => {
  const shown: unknown = globalThis.gc
  if (isCollect(shown)) return shown
  try {
    setFlagsFromString("--expose-gc")
    const made: unknown = runInNewContext("gc")
    setFlagsFromString("--no-expose-gc")
    if (isCollect(made)) return made
  } catch {
    // It is collected later, then.
  }
  return () => {}
}

/** Collects also what loading the program left, once: V8 keeps room for as much, which content never fills. */
const begin = (): Collect => {
  const collect = find()
  if (getHeapStatistics().total_heap_size <= smallHeap) collect({ type: "major", flavor: "last-resort" })
  return collect
}

let collect: Collect | undefined
let passed = 0

/** So many bytes of content came, in buffers that nobody needs any more once they went. */
export const pass = (bytes: number): void => {
  collect ??= begin()
  passed += bytes
  if (passed < every) return
  passed = 0
  collect({ type: "minor" })
}
