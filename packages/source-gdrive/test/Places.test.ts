import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Drive } from "../src/index.ts"
import { inAnswersOf, open, swept } from "./sweeping.ts"
import { changesOf, filesOf, pages } from "./tree.ts"

/** A folder that is taken, and what is made in it or beside it, by name. */
const planted = Effect.gen(function* () {
  const { drive, live } = yield* open()
  const root = yield* drive.createFolder("root")
  const folder = Effect.fnUntraced(function* (name: string, ...parents: ReadonlyArray<string>) {
    const [first, ...others] = parents
    const id = yield* drive.createFolder(name, first === undefined ? {} : { parents: [first] })
    yield* drive.createFile({ name: `in ${name}`, parents: [id] })
    if (others.length > 0) yield* drive.setParents(id, parents)
    return id
  })
  const shortcut = (name: string, parent: string, target: string) => drive.createShortcut(target, { name, parent })
  return { drive, live, root, folder, shortcut, says: swept({ from: { folders: [root] } }, live) }
})

/** In the order of their ids. */
const byId = (...named: ReadonlyArray<readonly [name: string, id: string]>) =>
  named.toSorted(([, a], [, b]) => (a < b ? -1 : 1)).map(([name]) => name)

describe("Places", () => {
  it.live("puts a folder below the shortcut that leads there", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      yield* shortcut("led", root, yield* folder("there"))
      assert.deepStrictEqual(yield* says, ["Upsert led/in there"])
    })
  )

  it.live("puts a folder where the fewest shortcuts are on the way", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      const [x, y] = [yield* folder("x"), yield* folder("y")]
      const deep = yield* folder("deep", yield* folder("down", root))
      yield* shortcut("to y", root, y)
      yield* shortcut("first to x", y, x)
      yield* shortcut("second to x", deep, x)
      yield* shortcut("third to x", y, x)
      assert.deepStrictEqual(yield* says, [
        "Skip to y/first to x (shortcut-duplicate)",
        "Skip to y/third to x (shortcut-duplicate)",
        "Upsert down/deep/in deep",
        "Upsert down/deep/second to x/in x",
        "Upsert down/in down",
        "Upsert to y/in y"
      ])
    })
  )

  it.live("puts a folder below the folder it is in rather than below a shortcut", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      const a = yield* folder("a", root)
      yield* shortcut("to b", root, yield* folder("b", a))
      assert.deepStrictEqual(yield* says, ["Skip to b (shortcut-duplicate)", "Upsert a/b/in b", "Upsert a/in a"])
    })
  )

  it.live("does so where a shortcut leads to the folder above it, too", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      const above = yield* folder("above")
      const below = yield* folder("below", above)
      yield* shortcut("to below", root, below)
      yield* shortcut("to above", root, above)
      assert.deepStrictEqual(yield* says, [
        "Skip to below (shortcut-duplicate)",
        "Upsert to above/below/in below",
        "Upsert to above/in above"
      ])
    })
  )

  it.live("puts a folder below the shortcut with the smallest id", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      const [there, down] = [yield* folder("there"), yield* folder("down", root)]
      const [first = "", ...others] = byId(
        ["one", yield* shortcut("one", root, there)],
        ["down/two", yield* shortcut("two", down, there)],
        ["three", yield* shortcut("three", root, there)]
      )
      assert.deepStrictEqual(
        yield* says,
        [
          "Upsert down/in down",
          `Upsert ${first}/in there`,
          ...others.map((path) => `Skip ${path} (shortcut-duplicate)`)
        ].toSorted()
      )
    })
  )

  it.live("puts what is in several folders into the one with the smallest id", () =>
    Effect.gen(function* () {
      const { drive, folder, root, says } = yield* planted
      const [a, b] = [yield* folder("a", root), yield* folder("b", root)]
      const [first] = byId(["a", a], ["b", b])
      yield* drive.setParents(yield* drive.createFile({ name: "both", parents: [a] }), [a, b])
      yield* folder("below", a, b)
      assert.deepStrictEqual(
        yield* says,
        ["Upsert a/in a", "Upsert b/in b", `Upsert ${first}/below/in below`, `Upsert ${first}/both`].toSorted()
      )
    })
  )

  it.live("says where that is to a shortcut that leads there", () =>
    Effect.gen(function* () {
      const { folder, live, root, shortcut } = yield* planted
      const [a, b] = [yield* folder("a", root), yield* folder("b", root)]
      const [first] = byId(["a", a], ["b", b])
      yield* shortcut("to one", root, yield* folder("one", a, b))
      yield* shortcut("to two", root, yield* folder("two", b, a))
      const said = changesOf(yield* pages({ from: { folders: [root] } }, live))
      assert.deepStrictEqual(said.flatMap((one) => ("reason" in one ? [one.reason.message] : [])).toSorted(), [
        `leads to a folder that is taken where it is: ${first}/one`,
        `leads to a folder that is taken where it is: ${first}/two`
      ])
    })
  )

  it.live("puts what is in several folders into the one with fewer shortcuts on the way", () =>
    Effect.gen(function* () {
      const { drive, folder, root, says, shortcut } = yield* planted
      const near = yield* folder("near", root)
      for (const name of ["one", "two", "three"]) {
        const far = yield* folder(name)
        yield* shortcut(`to ${name}`, root, far)
        yield* drive.setParents(yield* drive.createFile({ name: `near and ${name}` }), [far, near])
      }
      assert.deepStrictEqual(yield* says, [
        "Upsert near/in near",
        "Upsert near/near and one",
        "Upsert near/near and three",
        "Upsert near/near and two",
        "Upsert to one/in one",
        "Upsert to three/in three",
        "Upsert to two/in two"
      ])
    })
  )

  it.live("puts a folder below a shortcut where the folder that it is in is behind more of them", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      const [a, b] = [yield* folder("a"), yield* folder("b")]
      yield* shortcut("to a", root, a)
      yield* shortcut("to b", a, b)
      yield* shortcut("to c", root, yield* folder("c", b))
      assert.deepStrictEqual(yield* says, ["Upsert to a/in a", "Upsert to a/to b/in b", "Upsert to c/in c"])
    })
  )

  it.live("puts nothing into a folder that is in the trash where it is in another one", () =>
    Effect.gen(function* () {
      const { drive, folder, root, says } = yield* planted
      const [a, b] = [yield* folder("a", root), yield* folder("b", root)]
      const [first] = byId(["a", a], ["b", b])
      yield* drive.setParents(yield* drive.createFile({ name: "both", parents: [a] }), [a, b])
      yield* drive.trash(first === "a" ? a : b)
      const other = first === "a" ? "b" : "a"
      assert.deepStrictEqual(yield* says, [`Upsert ${other}/both`, `Upsert ${other}/in ${other}`])
    })
  )

  it.live("takes what is in a folder of ours and in others where it is ours", () =>
    Effect.gen(function* () {
      const { drive, folder, root, says } = yield* planted
      const [a, beside] = [yield* folder("a", root), yield* folder("beside")]
      yield* drive.setParents(yield* drive.createFile({ name: "one", parents: [a] }), [beside, a])
      yield* folder("two", beside, a)
      assert.deepStrictEqual(yield* says, ["Upsert a/in a", "Upsert a/one", "Upsert a/two/in two"])
    })
  )

  it.live("puts what is below several shortcuts below the names of all of them", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      const [x, y, z] = [yield* folder("x"), yield* folder("y"), yield* folder("z")]
      const within = yield* folder("within", y)
      yield* shortcut("one", root, x)
      yield* shortcut("two", x, y)
      yield* shortcut("three", within, z)
      assert.deepStrictEqual(yield* says, [
        "Upsert one/in x",
        "Upsert one/two/in y",
        "Upsert one/two/within/in within",
        "Upsert one/two/within/three/in z"
      ])
    })
  )

  it.live("says of a file which folder it is in, also below a shortcut", () =>
    Effect.gen(function* () {
      const { drive, folder, live, root, shortcut } = yield* planted
      const there = yield* folder("there")
      yield* shortcut("led", root, there)
      yield* drive.createFile({ name: "top", parents: [root] })
      const files = filesOf(yield* pages({ from: { folders: [root] } }, live))
      assert.deepStrictEqual(Object.fromEntries(files.map(({ path, within }) => [path, within])), {
        top: root,
        "led/in there": there
      })
    })
  )

  it.live("finds its way through shortcuts that lead in a circle", () =>
    Effect.gen(function* () {
      const { drive, folder, root, says, shortcut } = yield* planted
      const [x, y] = [yield* folder("x"), yield* folder("y")]
      yield* shortcut("to y", x, y)
      yield* shortcut("to x", y, x)
      // Nothing leads into the circle: what is in it and in a folder of ours is there.
      yield* drive.setParents(yield* drive.createFile({ name: "both", parents: [root] }), [x, root])
      assert.deepStrictEqual(yield* says, ["Upsert both"])

      yield* shortcut("in", root, x)
      assert.deepStrictEqual(yield* says, [
        "Skip in/to y/to x (shortcut-loop)",
        "Upsert both",
        "Upsert in/in x",
        "Upsert in/to y/in y"
      ])
    })
  )

  // Google lets nobody put a folder into itself, but says of no answer that it is of one moment.
  it.live.each(["smaller", "greater"])("takes a folder that seems to be in itself where it is, of a %s id", (than) =>
    Effect.gen(function* () {
      const { drive, folder, live, root } = yield* planted
      const outer = yield* folder("outer", root)
      let inner = ""
      do inner = yield* drive.createFolder("inner", { parents: [outer] })
      while (inner < root !== (than === "smaller"))
      yield* drive.createFile({ name: "in inner", parents: [inner] })
      const circular = <A extends { readonly id: string; readonly parents?: ReadonlyArray<string> }>(file: A): A =>
        file.id === outer ? { ...file, parents: [root, inner] } : file
      const turned = Layer.effect(
        Drive,
        Effect.map(Drive, (client) =>
          Drive.of({
            ...client,
            getFile: (id, asked) => Effect.map(client.getFile(id, asked), circular),
            listFiles: (asked) =>
              Effect.map(client.listFiles(asked), (answer) => ({ ...answer, files: answer.files.map(circular) }))
          })
        )
      ).pipe(Layer.provide(live))
      const said = yield* swept({ from: { folders: [root] } }, turned)
      assert.deepStrictEqual(
        said.filter((line) => line.startsWith("Upsert")),
        ["Upsert outer/in outer", "Upsert outer/inner/in inner"]
      )
    })
  )

  it.live("takes files and folders of one name for different ones", () =>
    Effect.gen(function* () {
      const { drive, folder, live, root } = yield* planted
      const twice = [
        yield* drive.createFile({ name: "twice", parents: [root] }),
        yield* drive.createFile({ name: "twice", parents: [root] })
      ]
      const folders = [yield* folder("same", root), yield* folder("same", root)]
      const files = filesOf(yield* pages({ from: { folders: [root] } }, live))
      assert.deepStrictEqual(files.map(({ path }) => path).toSorted(), [
        "same/in same",
        "same/in same",
        "twice",
        "twice"
      ])
      assert.sameMembers(
        files.filter(({ path }) => path === "twice").map(({ id }) => id),
        twice
      )
      assert.sameMembers(
        files.filter(({ path }) => path !== "twice").map(({ within }) => within),
        folders
      )
    })
  )

  it.live("writes a slash in the name of a file, a folder or a shortcut as another character", () =>
    Effect.gen(function* () {
      const { folder, root, says, shortcut } = yield* planted
      yield* folder("a/b", yield* folder("/", root))
      yield* shortcut("../etc", root, yield* folder("there"))
      assert.deepStrictEqual(yield* says, ["Upsert ..／etc/in there", "Upsert ／/a／b/in a／b", "Upsert ／/in ／"])
    })
  )
})

/** Folders by number, and shortcuts between them; 0 is the one that is taken. A folder whose parent is -1 is beside it. */
const numbers = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Tree = {
  parents: Schema.Array(numbers(-1, 5)).check(Schema.isMaxLength(6)),
  shortcuts: Schema.Array(Schema.Struct({ from: numbers(0, 6), to: numbers(0, 6) })).check(Schema.isMaxLength(8))
}

interface Led {
  readonly id: string
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The paths of all folders that have one, by the rule and no cleverness. */
const placesOf = (ids: ReadonlyArray<string>, parents: ReadonlyArray<number>, shortcuts: ReadonlyArray<Led>) => {
  const depths = ids.map((_, i) => (i === 0 ? 0 : Number.POSITIVE_INFINITY))
  const depthAt = (i: number) => depths[i] ?? Number.POSITIVE_INFINITY
  for (const _ of [...ids, ...shortcuts]) {
    for (const [i, parent] of parents.entries()) depths[i + 1] = Math.min(depthAt(i + 1), depthAt(parent))
    for (const { from, to } of shortcuts) depths[to] = Math.min(depthAt(to), depthAt(from) + 1)
  }
  const pathOf = (i: number): string => {
    if (i === 0) return ""
    const parent = parents[i - 1] ?? -1
    if (parent >= 0 && depthAt(parent) === depthAt(i)) return `${pathOf(parent)}d${i}/`
    const [first] = shortcuts
      .filter(({ from, to }) => to === i && depthAt(from) === depthAt(i) - 1)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    return first === undefined ? assert.fail(`nothing leads to ${i}`) : `${pathOf(first.from)}${first.name}/`
  }
  return depths.flatMap((depth, i) => (Number.isFinite(depth) ? [pathOf(i)] : []))
}

describe("Places, of any tree,", () => {
  it.live.prop(
    "has each folder once, by the rule, however it is listed",
    Tree,
    ({ parents: drawn, shortcuts: drawnShortcuts }) =>
      Effect.gen(function* () {
        const { drive, live } = yield* open()
        const ids = [yield* drive.createFolder("d0")]
        const parents = drawn.map((parent, i) => Math.min(parent, i))
        for (const [i, parent] of parents.entries()) {
          const id = ids[parent]
          ids.push(yield* drive.createFolder(`d${i + 1}`, id === undefined ? {} : { parents: [id] }))
        }
        const idAt = (i: number) => ids[i] ?? assert.fail(`there is no folder ${i}`)
        for (const id of ids) yield* drive.createFile({ name: "f", parents: [id] })
        const shortcuts: Array<Led> = []
        for (const [i, { from, to }] of drawnShortcuts.entries()) {
          const ends = { from: from % ids.length, to: to % ids.length }
          const name = `s${i}`
          const id = yield* drive.createShortcut(idAt(ends.to), { name, parent: idAt(ends.from) })
          shortcuts.push({ id, name, ...ends })
        }
        const expected = placesOf(ids, parents, shortcuts).map((path) => `${path}f`)
        for (const [concurrency, files] of [
          [1, 1],
          [4, 1000]
        ] as const) {
          const found = yield* pages({ from: { folders: [idAt(0)] }, concurrency }, inAnswersOf(files, live))
          assert.deepStrictEqual(
            filesOf(found)
              .map(({ path }) => path)
              .toSorted(),
            expected.toSorted()
          )
          const said = changesOf(found).flatMap((change) => (change._tag === "Delete" ? [] : [change.file.id]))
          assert.strictEqual(new Set(said).size, said.length)
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 60 } }
  )
})
