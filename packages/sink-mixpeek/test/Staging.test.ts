import { assert, describe, it } from "@effect/vitest"
import { Lineage, type Sink } from "@sluice/core"
import { type MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Array as Arr, Effect, Exit, Layer, Logger, Option, Scope, Stream } from "effect"
import * as Fixtures from "./Fixtures.ts"
import { listening } from "./UploadFixtures.ts"

const { pipeline } = Fixtures.run

const lost = (name: string, token = "v1"): Sink.Lost => ({
  key: Lineage.sourceKey(Fixtures.file(name).uri),
  token,
  replaces: [],
  lostAt: 0
})

/** A bucket, and processes that put something there; each has a sink of its own. */
const begin = Effect.fnUntraced(function* (server: Partial<MixpeekStandIn.Options> = {}) {
  const standIn = yield* Fixtures.standIn(server)
  const process = Effect.fnUntraced(function* (of = pipeline) {
    const { events, layer } = listening()
    const context = yield* Layer.build(Layer.mergeAll(Fixtures.client(standIn), layer))
    const sink = MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method: "upload" }, grace: 0 })
    const staging = Option.getOrThrow(sink.staging)
    const scope = yield* Scope.make()
    const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Fixtures.elapsing(Effect.provideContext(effect, context))
    const record = (name: string, content: Sink.Content, token = "v1") => {
      const made = Fixtures.record(object, Fixtures.file(name, { token }), content)
      return { ...made, lineage: { ...made.lineage, pipeline: of } }
    }
    return {
      events,
      open: (isClean = false) => run(staging.open({ pipeline: of, isClean }).pipe(Scope.provide(scope))),
      recall: (...all: Arr.NonEmptyReadonlyArray<Sink.Lost>) => run(staging.recall(of, all)),
      prepare: (name: string) => run(sink.prepare(record(name, Fixtures.content(`content of ${name}`)))),
      /** Nothing is read for it. */
      prepareUnread: (name: string, token?: string) =>
        run(Effect.exit(sink.prepare(record(name, { bytes: Stream.die("read"), link: Option.none() }, token)))),
      send: (prepared: Effect.Success<ReturnType<typeof sink.prepare>>) =>
        prepared._tag === "Prepared" ? run(sink.send([prepared])) : Effect.die(prepared),
      end: run(Scope.close(scope, Exit.void))
    }
  })
  return {
    server: standIn,
    process,
    statuses: Effect.map(standIn.uploads(Fixtures.bucket), (all) =>
      all.map(({ filename, status, used }) => `${filename} ${used ? "used" : status}`)
    ),
    orphans: Effect.map(standIn.orphans(Fixtures.bucket), (all) => all.map(({ filename }) => filename))
  }
})

const object: MixpeekObject.MixpeekObject = Fixtures.textObject

/** The objects are not made: the process is killed after the confirmation. */
const unsent: MixpeekStandIn.Fault = { kind: "unavailable", operations: ["createObjectsBatch"] }

describe("Staging", () => {
  it.effect("takes back what a run has put there and not used, when it ends", () =>
    Effect.gen(function* () {
      const { orphans, process, statuses } = yield* begin()
      const { end, open, prepare, send } = yield* process()
      yield* open()
      const a = yield* prepare("a")
      yield* prepare("b")
      yield* send(a)
      assert.deepStrictEqual(yield* orphans, ["b"])
      yield* end
      assert.deepStrictEqual(yield* statuses, ["a used", "b CANCELED"])
    })
  )

  it.effect("takes back what a run that was killed has put there, when the next one begins", () =>
    Effect.gen(function* () {
      const { orphans, process } = yield* begin()
      const killed = yield* process()
      yield* Effect.forEach(Arr.makeBy(230, String), killed.prepare, { concurrency: 50 })
      assert.strictEqual((yield* orphans).length, 230)
      yield* (yield* process()).open()
      assert.deepStrictEqual(yield* orphans, [])
    })
  )

  it.effect("asks nothing where the run before ended cleanly and this one puts nothing there", () =>
    Effect.gen(function* () {
      const { process, server } = yield* begin()
      const { end, open } = yield* process()
      yield* open(true)
      yield* end
      assert.strictEqual((yield* server.totals).requests, 0)
    })
  )

  it.effect("leaves alone what belongs to another pipeline, also one with the same sink", () =>
    Effect.gen(function* () {
      const { orphans, process } = yield* begin()
      const other = yield* process("other")
      yield* other.prepare("theirs")
      const { end, open, prepare } = yield* process()
      yield* open()
      yield* prepare("ours")
      yield* end
      assert.deepStrictEqual(yield* orphans, ["theirs"])
      yield* other.end
    })
  )

  it.effect("tries again where one cannot be taken back at once", () =>
    Effect.gen(function* () {
      const { process, server, statuses } = yield* begin()
      const { prepare } = yield* process()
      yield* prepare("a")
      yield* prepare("b")
      yield* server.set({ faults: [{ kind: "server-error", operations: ["cancelUpload"], times: 2 }] })
      yield* (yield* process()).open()
      assert.deepStrictEqual(yield* statuses, ["a CANCELED", "b CANCELED"])
    })
  )

  it.effect("recalls what is confirmed, or about to be, and is used without reading the file again", () =>
    Effect.gen(function* () {
      const { orphans, process, server, statuses } = yield* begin({ faults: [unsent] })
      const killed = yield* process()
      yield* Effect.exit(killed.send(yield* killed.prepare("a")))
      assert.deepStrictEqual(yield* statuses, ["a COMPLETED"])
      yield* server.set({ faults: [] })
      const next = yield* process()
      yield* next.open()
      yield* next.recall(lost("a"), lost("b"))
      const again = yield* next.prepareUnread("a")
      if (!Exit.isSuccess(again)) return assert.fail("it is not read")
      assert.deepStrictEqual(Fixtures.tags(yield* next.send(again.value)), ["Created"])
      yield* next.end
      assert.deepStrictEqual([yield* statuses, yield* orphans, next.events], [["a used"], [], []])
    })
  )

  it.effect("is said of records something was uploaded for, and of no others", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const said = yield* Effect.forEach(["upload", "inline", "reference"] as const, (method) =>
        MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method } }).prepare(
          Fixtures.record(object, Fixtures.file("a"), Fixtures.content("content of a", Fixtures.links()))
        )
      ).pipe(Effect.provide(Fixtures.client(server)), Fixtures.elapsing)
      assert.deepStrictEqual(
        said.map((one) => one._tag === "Prepared" && one.staged),
        [true, false, false]
      )
    })
  )

  it.effect("recalls what was being confirmed, and waits for it", () =>
    Effect.gen(function* () {
      const { process, server, statuses } = yield* begin({
        uploads: { backgroundBytes: 1, confirmation: { polls: 2 } }
      })
      const killed = yield* process()
      yield* server.set({ faults: [{ kind: "unauthorized", operations: ["getUpload"] }] })
      yield* Effect.exit(killed.send(yield* killed.prepare("a")))
      assert.deepStrictEqual(yield* statuses, ["a PROCESSING"])
      yield* server.set({ faults: [] })
      const next = yield* process()
      yield* next.open()
      yield* next.recall(lost("a"))
      const again = yield* next.prepareUnread("a")
      if (!Exit.isSuccess(again)) return assert.fail("it is not read")
      assert.deepStrictEqual(Fixtures.tags(yield* next.send(again.value)), ["Created"])
      assert.deepStrictEqual(yield* statuses, ["a used"])
    })
  )

  describe("does not use what was put there", () => {
    const cases: ReadonlyArray<readonly [what: string, asked: Sink.Lost, token: string]> = [
      ["of another state of the file", lost("a", "v2"), "v2"],
      ["of a state that is not the one sent now", lost("a"), "v2"],
      ["of another file", lost("b"), "v1"]
    ]
    it.effect.each(cases)("%s", ([, asked, token]) =>
      Effect.gen(function* () {
        const { process, server } = yield* begin({ faults: [unsent] })
        const killed = yield* process()
        yield* Effect.exit(killed.send(yield* killed.prepare("a")))
        yield* server.set({ faults: [] })
        const next = yield* process()
        yield* next.open()
        yield* next.recall(asked)
        assert.isTrue(Exit.isFailure(yield* next.prepareUnread("a", token)))
      })
    )

    it.effect("by another pipeline", () =>
      Effect.gen(function* () {
        const { process, server } = yield* begin({ faults: [unsent] })
        const killed = yield* process("other")
        yield* Effect.exit(killed.send(yield* killed.prepare("a")))
        yield* server.set({ faults: [] })
        const next = yield* process()
        yield* next.open()
        yield* next.recall(lost("a"))
        assert.isTrue(Exit.isFailure(yield* next.prepareUnread("a")))
      })
    )
  })

  it.effect("counts what it recalled and nobody took as an orphan", () =>
    Effect.gen(function* () {
      const { process, server } = yield* begin({ faults: [unsent] })
      const killed = yield* process()
      yield* Effect.exit(killed.send(yield* killed.prepare("a")))
      yield* server.set({ faults: [] })
      const next = yield* process()
      yield* next.open()
      yield* next.recall(lost("a"))
      yield* next.end
      assert.deepStrictEqual(next.events, ["Orphaned"])
    })
  )

  it.effect("says so where it cannot clear up at the end, and lets the next run look", () =>
    Effect.gen(function* () {
      const { orphans, process, server } = yield* begin()
      const said: Array<string> = []
      const { end, events, open, prepare } = yield* process()
      yield* open()
      yield* prepare("a")
      yield* server.set({ faults: [{ kind: "unauthorized", operations: ["listUploads"] }] })
      yield* end.pipe(Effect.provide(Logger.layer([Logger.make(({ message }) => said.push(String(message)))])))
      assert.deepStrictEqual([events.at(-1), yield* orphans], ["Orphaned", ["a"]])
      assert.match(said.join(), /left behind; the next run takes them back/)
      yield* server.set({ faults: [] })
      yield* (yield* process()).open()
      assert.deepStrictEqual(yield* orphans, [])
    })
  )
})
