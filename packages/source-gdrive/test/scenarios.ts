/** Edits after a sweep, and what following says of each: in one go, in small answers, broken off, and with failures. */
import { assert, it } from "@effect/vitest"
import type { Source } from "@sluice/core"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, Layer, Result, type Scope } from "effect"
import { Drive, type DriveSource } from "../src/index.ts"
import { standIn } from "./bench.ts"
import { type Asked, kept, twoFolders } from "./following.ts"

/** Ids by name. */
type Ids = (name: string) => string

export type Edit = (drive: DriveStandIn.DriveStandIn, id: Ids) => Effect.Effect<unknown, DriveStandIn.StandInError>

/** Edits, each with what following says after it. Deletions by name. */
export type Scenario = readonly [title: string, ...steps: ReadonlyArray<Step>]
export type Step = readonly [edit: Edit, lines: ReadonlyArray<string>]

/** What there is before the first edit, and what of it is taken. */
export type Setup = (drive: DriveStandIn.DriveStandIn) => Effect.Effect<
  {
    readonly id: Ids
    readonly options: DriveSource.Options
    readonly asked?: Asked
    /** Ids of shared drives, by name. */
    readonly drives?: ReadonlyMap<string, string>
  },
  DriveStandIn.StandInError,
  Scope.Scope
>

/** `taken` is taken, with all options as they are by default. */
export const ofTaken =
  (options: Partial<DriveSource.Options> = {}, asked: Asked = {}): Setup =>
  (drive) =>
    Effect.map(twoFolders(drive), ({ id, taken }) => ({
      id,
      options: { from: { folders: [taken] }, ...options },
      asked
    }))

/** Google's answers of changes are shorter than was asked for. */
export const inAnswersOf = <E>(changes: number, live: Layer.Layer<Drive, E>): Layer.Layer<Drive, E> =>
  Layer.effect(
    Drive,
    Effect.map(Drive, (drive) =>
      Drive.of({ ...drive, listChanges: (asked) => drive.listChanges({ ...asked, pageSize: changes }) })
    )
  ).pipe(Layer.provide(live))

/** Failures that a run does not outlive. */
const failures = [
  ["500", "Unavailable", (where: Fault.Where) => Fault.refuse("backendError", where)],
  ["401", "Unauthorized", (where: Fault.Where) => Fault.refuse("authError", where)],
  ["403", "Unauthorized", (where: Fault.Where) => Fault.refuse("domainPolicy", where)]
] as const

const reasonOf = (error: { readonly _tag: string } | Source.SourceError) =>
  "reason" in error ? error.reason._tag : error._tag

const prepare = Effect.fnUntraced(function* (
  setup: Setup,
  server: DriveStandIn.Options = {},
  answers: number | undefined = undefined
) {
  const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 }, server)
  const { asked, drives, id, options } = yield* setup(drive)
  const source = yield* kept(drive, answers === undefined ? live : inAnswersOf(answers, live), options, asked)
  const made = new Map<string, string>(drives)
  for (const [name, driveId] of made) source.call(driveId, name)
  yield* source.sweep
  yield* source.follow
  /** What an edit made is known by its name afterwards. */
  const named: Ids = (name) => made.get(name) ?? id(name)
  const edit = Effect.fnUntraced(function* (change: Edit) {
    yield* change(drive, named)
    for (const item of yield* drive.items()) made.set(item.name, item.id)
  })
  return { drive, source, edit }
})

/** Which pages a run is broken off after, and which requests fail: ever fewer. With `INTEGRATION=1` each. */
const nextOf = (last: number) => (process.env["INTEGRATION"] === "1" ? last + 1 : Math.max(last + 1, last * 3))

/** Registers the tests. After each step, what is kept must be what a new sweep would say. */
export const scenarios = (setup: Setup, all: ReadonlyArray<Scenario>): void => {
  it.live.each(all)("says %s", ([, ...steps]) =>
    Effect.gen(function* () {
      const { drive, edit, source } = yield* prepare(setup)
      for (const [change, lines] of steps) {
        yield* edit(change)
        assert.deepStrictEqual(yield* source.follow, lines)
      }
      assert.deepStrictEqual(yield* source.follow, [])
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.live.each(all)("says %s, one change an answer", ([, ...steps]) =>
    Effect.gen(function* () {
      const { edit, source } = yield* prepare(setup, {}, 1)
      for (const [change] of steps) yield* Effect.andThen(edit(change), source.follow)
    })
  )

  it.live.each(all)("says %s, where what is in a folder has entries too", ([, ...steps]) =>
    Effect.gen(function* () {
      const { edit, source } = yield* prepare(setup, { descendantEntries: "each" })
      for (const [change] of steps) yield* Effect.andThen(edit(change), source.follow)
    })
  )

  it.live.each(all)("says all steps of %s at once", ([, ...steps]) =>
    Effect.gen(function* () {
      const { edit, source } = yield* prepare(setup)
      for (const [change] of steps) yield* edit(change)
      yield* source.follow
    })
  )

  it.live.each(all)("loses nothing of %s, wherever a run is broken off", ([, ...steps]) =>
    Effect.gen(function* () {
      for (let pages = 1, isBrokenOff = true; isBrokenOff; pages = nextOf(pages)) {
        const { edit, source } = yield* prepare(setup)
        isBrokenOff = false
        for (const [change] of steps) {
          yield* edit(change)
          isBrokenOff ||= (yield* source.followPart(pages)) === pages
          yield* source.follow
        }
      }
    })
  )

  it.live.each(all)("loses nothing of %s, whatever request fails", ([, ...steps]) =>
    Effect.gen(function* () {
      for (let after = 0, kind = 0, isLast = false; !isLast; after = nextOf(after), kind++) {
        const { drive, edit, source } = yield* prepare(setup)
        isLast = true
        let before = 0
        for (const [change] of steps) {
          yield* edit(change)
          const [, reason, fault] = failures[kind % failures.length] ?? failures[0]
          yield* drive.faults.set([fault({ after })])
          const result = yield* Effect.result(source.followOnly)
          const { Refuse: struck = 0 } = yield* drive.faults.struck
          yield* drive.faults.clear
          if (struck > before) {
            before = struck
            isLast = false
            assert.strictEqual(Result.isFailure(result) && reasonOf(result.failure), reason)
          }
          yield* source.follow
        }
      }
    })
  )
}
