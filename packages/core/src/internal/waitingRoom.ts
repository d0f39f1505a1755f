/**
 * Where prepared records wait until a batch is taken: first those that are tried again, then the fresh ones.
 * Fresh records suspend their producer while the room is full; a batch is as full as count, bytes and time allow.
 */
import { Array as Arr, Clock, Duration, Effect, Latch, Option } from "effect"

/** What waits: its weight in bytes decides with how many others it can travel. */
export interface Waiting {
  readonly weight: number
}

/** A batch, and how full it is: 1 where nothing more would have fitted. */
export interface Taken<I> {
  readonly items: Arr.NonEmptyReadonlyArray<I>
  readonly bytes: number
  readonly fill: number
}

export interface WaitingRoom<I> {
  /** Suspends while the room is full. After `stop` it returns at once and keeps nothing. */
  readonly offer: (items: ReadonlyArray<I>) => Effect.Effect<void>
  /** Gives back an item of a batch, to travel with a later one, no sooner than `notBefore` (epoch milliseconds). */
  readonly again: (item: I, notBefore: number) => void
  /** So many items of batches have found their outcome. */
  readonly done: (count: number) => void
  /** No fresh item will come. */
  readonly end: () => void
  /** No batch will be taken any more. */
  readonly stop: () => void
  /** The next batch; `None` when there will be none. For one taker at a time. */
  readonly take: Effect.Effect<Option.Option<Taken<I>>>
}

interface Entry<I> {
  readonly item: I
  /** When it came in; for one that is tried again, when it may leave. */
  readonly since: number
}

export const make = <I extends Waiting>(options: {
  readonly capacity: number
  readonly maxRecords: number
  /** Asked at each batch: it shrinks when the sink says that a batch was too large. */
  readonly maxBytes: () => number
  readonly maxWait: Duration.Duration
}): WaitingRoom<I> => {
  const arrival = Latch.makeUnsafe(false)
  const space = Latch.makeUnsafe(true)
  const maxWait = Duration.toMillis(options.maxWait)
  let fresh: Array<Entry<I>> = []
  let head = 0
  let again: Array<Entry<I>> = []
  let outside = 0
  let ended = false
  let stopped = false

  const offer = Effect.fnUntraced(function* (items: ReadonlyArray<I>) {
    while (!stopped && fresh.length - head >= options.capacity) {
      space.closeUnsafe()
      yield* space.await
    }
    if (stopped) return
    const since = yield* Clock.currentTimeMillis
    for (const item of items) fresh.push({ item, since })
    arrival.openUnsafe()
  })

  /** Moves what fits into the batch; says whether the batch is closed, and when its first record came in. */
  const fill = (batch: Array<I>, state: { bytes: number; since: number }, now: number): boolean => {
    const fits = (entry: Entry<I>) =>
      batch.length === 0 || (batch.length < options.maxRecords && state.bytes + entry.item.weight <= options.maxBytes())
    const put = (entry: Entry<I>) => {
      batch.push(entry.item)
      state.bytes += entry.item.weight
      state.since = Math.min(state.since, entry.since)
    }
    const later: Array<Entry<I>> = []
    let closed = false
    for (const entry of again) {
      if (entry.since <= now && !closed && fits(entry)) put(entry)
      else {
        closed ||= entry.since <= now
        later.push(entry)
      }
    }
    again = later
    while (!closed && head < fresh.length) {
      const entry = fresh[head]
      if (entry === undefined || !fits(entry)) closed = true
      else {
        put(entry)
        head++
      }
    }
    // Shifting the array for each record would be quadratic: the consumed head is cut off when it is most of it.
    if (head > 1024 && head * 2 > fresh.length) {
      fresh = fresh.slice(head)
      head = 0
    }
    if (fresh.length - head < options.capacity) space.openUnsafe()
    return closed || batch.length === options.maxRecords
  }

  const take = Effect.gen(function* () {
    const batch: Array<I> = []
    const state = { bytes: 0, since: Number.POSITIVE_INFINITY }
    while (true) {
      if (stopped) return Option.none()
      arrival.closeUnsafe()
      const now = yield* Clock.currentTimeMillis
      const closed = fill(batch, state, now)
      // What is outside may come back: the last records wait for it as any others do.
      const nothingComes = ended && head === fresh.length && again.length === 0 && outside === 0
      const leavesAt = batch.length === 0 ? Number.POSITIVE_INFINITY : state.since + maxWait
      if (Arr.isReadonlyArrayNonEmpty(batch) && (closed || nothingComes || leavesAt <= now)) {
        outside += batch.length
        const full = closed && batch.length < options.maxRecords
        return Option.some({ items: batch, bytes: state.bytes, fill: full ? 1 : batch.length / options.maxRecords })
      }
      if (batch.length === 0 && nothingComes) return Option.none()
      const wakeAt = again.reduce((soonest, entry) => Math.min(soonest, entry.since), leavesAt)
      yield* wakeAt === Number.POSITIVE_INFINITY
        ? arrival.await
        : Effect.timeoutOption(arrival.await, Duration.millis(Math.max(wakeAt - now, 1)))
    }
  })

  return {
    offer,
    take,
    again: (item, notBefore) => {
      outside--
      again.push({ item, since: notBefore })
      arrival.openUnsafe()
    },
    done: (count) => {
      outside -= count
      arrival.openUnsafe()
    },
    end: () => {
      ended = true
      arrival.openUnsafe()
    },
    stop: () => {
      stopped = true
      arrival.openUnsafe()
      space.openUnsafe()
    }
  }
}
