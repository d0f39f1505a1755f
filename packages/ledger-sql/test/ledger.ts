/** What tests of ledgers on SQL say to them. */
import { Ledger, Outcome, SourceFile } from "@sluice/core"
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder that goes with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-ledger-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const file = (id: string, over: Partial<SourceFile.SourceFile> = {}): SourceFile.SourceFile => ({
  id,
  token: "1",
  uri: `test://${id}`,
  path: id,
  size: 10,
  mimeType: "text/plain",
  attributes: {},
  ...over
})

export const created = (...ids: ReadonlyArray<string>): Ledger.Settlement["files"] =>
  ids.map((id) => ({ file: file(id), outcome: Outcome.Created.make({}) }))

export const intent = (id: string): Ledger.Intent => ({ ...SourceFile.state(file(id)), sentAt: 1000 })

export const settle = (book: Ledger.Book, settlement: Partial<Ledger.Settlement>) =>
  book.settle({ ...Ledger.nothing, ...settlement })

/** A ledger of a process of its own, so to speak: a client of its own. */
export const ledger = <E>(
  layer: Layer.Layer<Ledger.Ledger, E>
): Effect.Effect<Ledger.Ledger["Service"], E, Scope.Scope> =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, Ledger.Ledger))

/** A clock's parts, to be changed. */
export const withClock = (clock: Clock.Clock): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})

/** Nothing that sleeps wakes up: a process that is suspended, where it is asked nothing. */
export const suspended = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) =>
    Effect.provideService(effect, Clock.Clock, { ...withClock(clock), sleep: () => Effect.never })
  )
