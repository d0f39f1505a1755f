/** What changed for an account or in a shared drive: each item once, where it changed last. */

/** The status that expired tokens are refused with. */
export type Expiry = 400 | 410

/** One entry: that something changed, not how. */
export interface ChangeEntry {
  readonly number: number
  readonly kind: "file" | "drive"
  /** Of the file or of the shared drive. */
  readonly id: string
  readonly time: number
  /** Whether the file was in My Drive at an entry this one stands for: what left it is removed, what never was is not. */
  readonly wasInMyDrive: boolean
}

/** A change log. A newer entry of the same item takes the place of the older one. */
export class ChangeLog {
  #entries: Array<ChangeEntry> = []
  readonly #latest = new Map<string, ChangeEntry>()
  #last = 0
  #oldest = 0
  #expiry: Expiry = 410

  /** The number the next entry will have. */
  get next(): number {
    return this.#last + 1
  }

  /** Tokens with a number below this one have expired. */
  get oldest(): number {
    return this.#oldest
  }

  /** What those are refused with. */
  get expiry(): Expiry {
    return this.#expiry
  }

  /** Lets all tokens given so far expire. */
  expire(expiry: Expiry): void {
    // One number is left out, so that a token given now differs from those given before.
    this.#last++
    this.#oldest = this.next
    this.#expiry = expiry
  }

  record(kind: ChangeEntry["kind"], id: string, time: number, inMyDrive: boolean): void {
    const before = this.#latest.get(id)
    const entry: ChangeEntry = {
      number: ++this.#last,
      kind,
      id,
      time,
      wasInMyDrive: inMyDrive || (before?.wasInMyDrive ?? false)
    }
    this.#latest.set(id, entry)
    this.#entries.push(entry)
    if (this.#entries.length > 2 * this.#latest.size + 1_000) {
      this.#entries = this.#entries.filter((one) => this.#latest.get(one.id) === one)
    }
  }

  /** The entries from a number on, the oldest first, as far as nothing newer took their place. */
  *from(number: number): Generator<ChangeEntry> {
    const entries = this.#entries
    let low = 0
    for (let high = entries.length; low < high;) {
      const middle = (low + high) >>> 1
      if ((entries[middle]?.number ?? 0) < number) low = middle + 1
      else high = middle
    }
    for (let at = low; at < entries.length; at++) {
      const entry = entries[at]
      if (entry !== undefined && this.#latest.get(entry.id) === entry) yield entry
    }
  }
}
