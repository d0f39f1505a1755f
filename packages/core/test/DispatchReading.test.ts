import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Result, Stream } from "effect"
import * as Dispatch from "../src/Dispatch.ts"
import * as Lineage from "../src/Lineage.ts"
import * as Source from "../src/Source.ts"
import { collect, dispatch, failureOf, summary } from "./fakes/dispatching.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file, record } from "./fakes/files.ts"

const readError = (reason: Source.SourceErrorReason) =>
  new Source.SourceError({ source: "fake", operation: "read", reason, message: reason._tag })

describe("dispatch of records whose contents have to be read", () => {
  it.effect("takes a file that changed again in its new state, and skips one that is gone", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({
        prepare: (one) => {
          if (one.file.path === "gone") return Effect.fail(readError(new Source.Gone()))
          if (one.file.path === "denied") return Effect.fail(readError(new Source.Denied()))
          return one.file.token === "1"
            ? Effect.fail(readError(new Source.Changed()))
            : Effect.succeed({ _tag: "Prepared", key: one.key, weight: 1, path: `${one.file.path}@${one.file.token}` })
        }
      })
      const three = ["changed", "denied", "gone"].map((path) => record(path))
      const { settled } = yield* collect(
        Dispatch.dispatch(sink)(Stream.fromIterable(three), {
          retake: (stale) => Effect.succeed(Result.succeed({ ...stale, file: file(stale.file.path, { token: "2" }) }))
        })
      )
      assert.deepStrictEqual(summary(settled), ["changed:Created", "denied:Rejected", "gone:Skipped"])
      assert.strictEqual(settled.find((one) => one.outcome._tag === "Created")?.record.file.token, "2")
    })
  )

  it.effect("gives up on a file that never stops changing", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({ prepare: () => Effect.fail(readError(new Source.Changed())) })
      const { settled } = yield* collect(
        dispatch(sink, 1, { retake: (stale) => Effect.succeed(Result.succeed(stale)) })
      )
      assert.deepStrictEqual(summary(settled), ["0:Rejected"])
    })
  )

  it.effect("reads a file whose bytes are wrong once more, and rejects it where they stay so", () =>
    Effect.gen(function* () {
      const reads: Array<string> = []
      const { sink } = FakeSink.make({
        prepare: ({ file: { path }, key }) =>
          Effect.suspend(() => {
            reads.push(path)
            return path === "damaged" || reads.filter((one) => one === path).length === 1
              ? Effect.fail(readError(new Source.Corrupt()))
              : Effect.succeed({ _tag: "Prepared", key, weight: 1, path })
          })
      })
      const two = ["damaged", "damaged on the way"].map((path) => record(path))
      const { settled } = yield* collect(Dispatch.dispatch(sink)(Stream.fromIterable(two)))
      assert.deepStrictEqual(summary(settled), ["damaged on the way:Created", "damaged:Rejected"])
      assert.deepStrictEqual(reads.toSorted(), ["damaged", "damaged", "damaged on the way", "damaged on the way"])
    })
  )

  it.effect("ends with the source's error when reading contents lost its authorisation", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({ prepare: () => Effect.fail(readError(new Source.Unauthorized())) })
      const { exit } = yield* collect(dispatch(sink, 5))
      assert.instanceOf(failureOf(exit), Source.SourceError)
    })
  )
})

describe("records of a source's files", () => {
  it.effect("carry the key, the lineage and the content of their file", () =>
    Effect.gen(function* () {
      const { source } = FakeSource.make({ pages: Stream.empty })
      const reading = { ...source, read: () => Stream.succeed(new Uint8Array([1, 2])) }
      const recordOf = yield* Dispatch.recordsOf(reading, { pipeline: "p", runId: "r" })
      const made = recordOf(file("a"), { title: "A" })
      assert.strictEqual(made.key, Lineage.sourceKey("fake://a"))
      assert.deepStrictEqual(made.object, { title: "A" })
      assert.deepStrictEqual(made.lineage, Lineage.make(file("a"), { pipeline: "p", runId: "r" }))
      assert.deepStrictEqual(yield* Stream.runCollect(made.content.bytes), [new Uint8Array([1, 2])])
      assert.isTrue(Option.isNone(made.content.link))
    })
  )
})
