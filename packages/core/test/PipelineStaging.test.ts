import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Observer } from "../src/Observer.ts"
import { Rejected } from "../src/Outcome.ts"
import { Refused, SinkError, type Staging } from "../src/Sink.ts"
import * as Bucketed from "./fakes/bucketed.ts"
import { killedBefore, statesOf } from "./fakes/bucketed.ts"
import * as FakeBucket from "./fakes/FakeBucket.ts"

type FakeSink = ReturnType<typeof FakeBucket.make>["sink"]

/** A pipeline whose sink stages the content of `files`, and what the sink was asked to do with what was staged. */
const make = (
  upserts: boolean,
  files: ReadonlyArray<string> = ["a", "b"],
  send: FakeSink["send"] | undefined = undefined
) => {
  const asked: Array<string> = []
  let orphans = 0
  const staging: Staging<FakeBucket.Sendable> = {
    open: ({ isClean }) =>
      Effect.acquireRelease(
        Effect.sync(() => asked.push(isClean ? "open" : "open and clear")),
        () =>
          Effect.map(Observer, (observer) => {
            for (; orphans > 0; orphans--) observer.upload({ _tag: "Orphaned" })
            asked.push("close")
          })
      ),
    recall: (_, lost) => Effect.sync(() => asked.push(`recall ${lost.map(({ token }) => token).join()}`)),
    refused: ({ file }) => asked.push(`refused ${file.id}`)
  }
  let around: Bucketed.Around = (_, effect) => effect
  const bucket = FakeBucket.make({ upserts, around: (operation, effect) => around(operation, effect) })
  const { sink } = bucket
  const prepare: typeof sink.prepare = (record) =>
    Effect.map(sink.prepare(record), (prepared) =>
      prepared._tag === "Prepared" ? { ...prepared, staged: files.includes(record.file.id) } : prepared
    )
  const made = Bucketed.make(upserts, {
    sink: { ...sink, ...(send === undefined ? {} : { send }), prepare, staging: Option.some(staging) }
  })
  return {
    ...made,
    asked: () => asked.splice(0),
    leave: (count: number) => {
      orphans = count
    },
    there: () => statesOf(bucket.objects.values()),
    run: (files: ReadonlyArray<string>, as: Bucketed.Around = (_, effect) => effect) => {
      around = as
      return made.run(files)
    }
  }
}

for (const upserts of [true, false]) {
  const bucket = upserts ? "a bucket that upserts" : "a bucket that does not"

  describe(`what is staged for ${bucket}`, () => {
    it.effect("is cleared away before and after each run, also one that fails", () =>
      Effect.gen(function* () {
        const { asked, run } = make(upserts)
        yield* run(["a@1"])
        assert.deepStrictEqual(asked(), ["open and clear", "close"])
        yield* Effect.exit(run(["a@1", "b@1"], killedBefore("send")))
        assert.deepStrictEqual(asked(), ["open", "close"])
      })
    )

    it.effect("is looked for where the run before failed, or left some of it behind, and only then", () =>
      Effect.gen(function* () {
        const { asked, leave, run } = make(upserts)
        yield* Effect.exit(run(["a@1"], killedBefore("send")))
        leave(1)
        yield* run(["a@1"])
        yield* run(["a@1"])
        yield* run(["a@1"])
        assert.deepStrictEqual(
          asked().filter((what) => what.startsWith("open")),
          ["open and clear", "open and clear", "open and clear", "open"]
        )
      })
    )

    it.effect("is recalled by the next runs until its file is sent again", () =>
      Effect.gen(function* () {
        const { asked, intents, run, there } = make(upserts)
        yield* Effect.exit(run(["a@1", "b@2"], killedBefore("send")))
        asked()
        yield* Effect.exit(run(["a@1", "b@2"], killedBefore("send")))
        assert.deepStrictEqual(asked(), ["open and clear", "recall 1,2", "close"])
        assert.strictEqual((yield* intents).length, 2)
        yield* run(["a@1", "b@2"])
        assert.deepStrictEqual(asked(), ["open and clear", "recall 1,2", "close"])
        assert.deepStrictEqual([there(), yield* intents], [["a@1", "b@2"], []])
        yield* run(["a@1", "b@2"])
        assert.deepStrictEqual(asked(), ["open", "close"])
      })
    )

    it.effect("is recalled, and nothing else, where sending again is harmless", () =>
      Effect.gen(function* () {
        const { asked, intents, run, there } = make(upserts, ["b"])
        yield* Effect.exit(run(["a@1", "b@2"], killedBefore("send")))
        assert.deepStrictEqual(statesOf(yield* intents), upserts ? ["b@2"] : ["a@1", "b@2"])
        asked()
        yield* run(["a@1", "b@2"])
        assert.deepStrictEqual(asked(), ["open and clear", upserts ? "recall 2" : "recall 1,2", "close"])
        assert.deepStrictEqual([there(), yield* intents], [["a@1", "b@2"], []])
      })
    )

    it.effect("is not recalled any more when a run took everything and its file was not among that", () =>
      Effect.gen(function* () {
        const { asked, intents, run } = make(upserts)
        yield* Effect.exit(run(["a@1", "b@2"], killedBefore("send")))
        yield* run(["a@1"])
        assert.deepStrictEqual(yield* intents, [])
        asked()
        yield* run(["a@1"])
        assert.deepStrictEqual(asked(), ["open", "close"])
      })
    )
  })
}

const cause = { code: "no", message: "no" }

/** Answers a batch with `a` in it, whoever else is. */
const refusals: ReadonlyArray<readonly [how: string, send: FakeSink["send"]]> = [
  [
    "is refused",
    (batch) => Effect.succeed(batch.map(({ key }) => ({ _tag: "Settled", key, outcome: Rejected.make({ cause }) })))
  ],
  [
    "is told to come later, as often as it may",
    (batch) => Effect.succeed(batch.map(({ key }) => ({ _tag: "Retry", key, cause })))
  ],
  [
    "makes the whole batch be refused",
    () =>
      Effect.fail(
        new SinkError({
          sink: "bucket",
          operation: "send",
          message: "no",
          reason: new Refused({ suspects: [], cause })
        })
      )
  ]
]

describe("the sink", () => {
  it.effect.each(refusals)("is told of what it staged for a record that %s", ([, send]) =>
    Effect.gen(function* () {
      const { asked, run } = make(true, ["a"], send)
      const { rejected } = yield* run(["a@1", "b@1"])
      assert.deepStrictEqual([rejected, asked()], [2, ["open and clear", "refused a", "close"]])
    })
  )
})
