import { DriveStandIn, Edits } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"

const prepared = Effect.fnUntraced(function* (seed: number) {
  const google = yield* DriveStandIn.make()
  const folder = yield* google.createFolder("Synced")
  const elsewhere = yield* google.createFolder("Elsewhere")
  yield* google.seed({ files: 2_000, folders: 200, parent: folder, special: true, maxSize: 100 })
  const edit = yield* Edits.make(google, { folder, elsewhere, seed })
  return { google, folder, elsewhere, edit }
})

const names = Effect.fnUntraced(function* (google: DriveStandIn.DriveStandIn) {
  const items = yield* google.items()
  return items.map(({ explicitlyTrashed, name, parents, version }) => ({ explicitlyTrashed, name, parents, version }))
})

it.effect("makes ten thousand legal edits of every kind, the same ones for the same seed", () =>
  Effect.gen(function* () {
    const first = yield* prepared(1)
    const edits = yield* Effect.replicateEffect(first.edit, 10_000)
    assert.sameMembers([...new Set(edits.map(({ kind }) => kind))], Object.keys(Edits.weights))
    const second = yield* prepared(1)
    assert.deepStrictEqual(yield* Effect.replicateEffect(second.edit, 10_000), edits)
    assert.deepStrictEqual(yield* names(second.google), yield* names(first.google))
    const third = yield* prepared(2)
    assert.notDeepEqual(yield* Effect.replicateEffect(third.edit, 100), edits.slice(0, 100))
  })
)

it.effect("never moves a folder into itself", () =>
  Effect.gen(function* () {
    const { edit, folder, google } = yield* prepared(3)
    yield* Effect.replicateEffect(edit, 3_000, { discard: true })
    const items = new Map((yield* google.items()).map((item) => [item.id, item]))
    const climbs = (id: string, seen: ReadonlySet<string>): boolean =>
      seen.has(id) || (items.get(id)?.parents.some((parent) => climbs(parent, new Set([...seen, id]))) ?? false)
    assert.isFalse([...items.keys()].some((id) => climbs(id, new Set())))
    assert.isTrue(items.has(folder))
  })
)

it.effect("moves things out of the folder and back into it", () =>
  Effect.gen(function* () {
    const { elsewhere, folder, google } = yield* prepared(4)
    const only = (weights: Partial<Record<Edits.Kind, number>>) => ({
      ...Object.fromEntries(Object.keys(Edits.weights).map((kind) => [kind, 0])),
      ...weights
    })
    const out = yield* Edits.make(google, { folder, elsewhere, weights: only({ moveOut: 1 }) })
    const gone = yield* Effect.replicateEffect(out, 10)
    const parentsOf = Effect.map(google.items(), (items) => new Map(items.map(({ id, parents }) => [id, parents])))
    const after = yield* parentsOf
    for (const { id } of gone) assert.deepStrictEqual(after.get(id), [elsewhere])
    const back = yield* Edits.make(google, { folder, elsewhere, weights: only({ moveIn: 1 }) })
    const { description, id } = yield* back
    assert.notInclude((yield* parentsOf).get(id) ?? [], elsewhere)
    assert.match(description, /^moveIn ".*" \(.*\) into ".*" \(.*\)$/)
  })
)

it.effect("fails with a sentence where the weights allow nothing that can be done", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const folder = yield* google.createFolder("Empty")
    const weights = Object.fromEntries(Object.keys(Edits.weights).map((kind) => [kind, kind === "remove" ? 1 : 0]))
    const error = yield* Effect.flip(yield* Edits.make(google, { folder, weights }))
    assert.include(error.message, "nothing that the weights allow")
  })
)
