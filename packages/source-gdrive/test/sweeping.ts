/** What the tests of sweeping share: a client that nothing holds up, and what it asked. */
import { type Change, Source } from "@sluice/core"
import { assert } from "@effect/vitest"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect, Layer } from "effect"
import { Drive, type DriveOptions, type DriveSource } from "../src/index.ts"
import { standIn } from "./bench.ts"
import { lines, pages } from "./tree.ts"

/** A stand-in, and a client as fast as it goes. */
export const open = (server: DriveStandIn.Options = {}, options: DriveOptions.Options = {}) =>
  standIn({ burst: 100_000, queriesPerMinute: 1_000_000, ...options }, server)

/** What a sweep says, a line each. */
export const swept = <E>(options: DriveSource.Options, live: Layer.Layer<Drive, E>) =>
  Effect.map(pages(options, live), lines)

/** Why a sweep fails. */
export const failure = <E>(options: DriveSource.Options, live: Layer.Layer<Drive, E>) =>
  Effect.map(Effect.flip(pages(options, live)), (error) =>
    error instanceof Source.SourceError ? error : assert.fail(`not of the source: ${String(error)}`)
  )

/** Google's answers of listings are shorter than was asked for. */
export const inAnswersOf = <E>(files: number, live: Layer.Layer<Drive, E>): Layer.Layer<Drive, E> =>
  Layer.effect(
    Drive,
    Effect.map(Drive, (drive) =>
      Drive.of({ ...drive, listFiles: (asked) => drive.listFiles({ ...asked, pageSize: files }) })
    )
  ).pipe(Layer.provide(live))

/** What was listed: for each request the names of the folders it looked into, sorted. */
export const listed = (drive: DriveStandIn.DriveStandIn) =>
  Effect.gen(function* () {
    const names = new Map((yield* drive.items()).map(({ id, name }) => [id, name]))
    return (yield* drive.requests).flatMap(({ operation, query }) => {
      const ids = [...(query["q"] ?? "").matchAll(/'([^']+)' in parents/g)].map(([, id = ""]) => id)
      return operation !== "files.list" || ids.length === 0 ? [] : [ids.map((id) => names.get(id) ?? id).toSorted()]
    })
  })

/** Why pages may lack files. */
export const gaps = (found: ReadonlyArray<Change.Page>): ReadonlyArray<string> =>
  found.flatMap(({ incomplete }) => (incomplete === undefined ? [] : [incomplete.code]))

/** A folder with so many folders in it, and in each of those a file, if it is none of those that stay empty. */
export const comb = Effect.fnUntraced(function* (drive: DriveStandIn.DriveStandIn, teeth: number, empty = 0) {
  const root = yield* drive.createFolder("root")
  const folders: Array<string> = []
  for (let i = 0; i < teeth; i++) {
    const id = yield* drive.createFolder(`d${i}`, { parents: [root] })
    if (i >= empty) yield* drive.createFile({ name: "f", parents: [id] })
    folders.push(id)
  }
  yield* drive.forgetRequests
  return {
    root,
    folders,
    options: { from: { folders: [root] } } satisfies DriveSource.Options,
    lines: Array.from({ length: teeth - empty }, (_, i) => `Upsert d${i + empty}/f`).toSorted()
  }
})

/** How many folders were listed together, the fewest first. */
export const sizes = (groups: ReadonlyArray<ReadonlyArray<string>>) =>
  groups.map(({ length }) => length).toSorted((a, b) => a - b)
