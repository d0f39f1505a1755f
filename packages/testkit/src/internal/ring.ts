/** The last `capacity` of what was added. */
export interface Ring<A> {
  readonly add: (item: A) => void
  /** The oldest first. */
  readonly items: () => ReadonlyArray<A>
}

export const ring = <A>(capacity: number): Ring<A> => {
  const kept: Array<A> = []
  let next = 0
  return {
    add: (item) => {
      kept[next] = item
      next = (next + 1) % capacity
    },
    items: () => (kept.length < capacity ? kept.slice() : [...kept.slice(next), ...kept.slice(0, next)])
  }
}
