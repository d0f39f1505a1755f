/** How often a fault strikes. */
export interface Frequency {
  /** Share of the matching requests, 0 to 1, drawn with a seed. All of them by default. */
  readonly fraction?: number
  /** Only so many of the matching requests, then never again. */
  readonly next?: number
  /** Lets so many matching requests pass first. */
  readonly after?: number
}

/** Decides, from one matching request to the next, whether a fault strikes. `draw` gives a number in [0, 1). */
export const striker = (
  { after = 0, fraction, next = Infinity }: { readonly [Name in keyof Frequency]: Frequency[Name] | undefined },
  draw: () => number
): (() => boolean) => {
  let seen = 0
  let struck = 0
  return () => {
    if (seen++ < after || struck >= next) return false
    if (fraction !== undefined && draw() >= fraction) return false
    struck++
    return true
  }
}
