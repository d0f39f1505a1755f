/** Runs of a pipeline, one after the other, over files in the states a test says, with a bucket and a ledger that stay. */
import { Effect, Stream } from "effect"
import { Ledger } from "../../src/Ledger.ts"
import * as Mapping from "../../src/Mapping.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type { SourceFile } from "../../src/SourceFile.ts"
import * as FakeBucket from "./FakeBucket.ts"
import * as FakeSource from "./FakeSource.ts"
import { file } from "./files.ts"
import * as Listening from "./listening.ts"
import { settled } from "./settled.ts"

/** What a test does around each thing the sink is asked. */
export type Around = NonNullable<Parameters<typeof FakeBucket.make>[0]["around"]>

const asItIs: Around = (_, effect) => effect

/** Killed when the bucket has done it, and before anybody hears of that. */
export const killedAfter =
  (what: "send" | "remove"): Around =>
  (operation, effect) =>
    operation === what ? Effect.andThen(effect, Effect.die("killed")) : effect

/** Killed before it is asked. */
export const killedBefore =
  (what: "send" | "remove"): Around =>
  (operation, effect) =>
    operation === what ? Effect.die("killed") : effect

/** `id@token`. */
export const statesOf = (all: Iterable<{ readonly id: string; readonly token: string }>) =>
  Array.from(all, ({ id, token }) => `${id}@${token}`).toSorted()

export const make = (
  upserts: boolean,
  options: Partial<Pipeline.Options<string, FakeBucket.Sendable, never, never, never>>
) => {
  const listening = Listening.make()
  let around = asItIs
  const bucket = FakeBucket.make({ upserts, around: (operation, effect) => around(operation, effect) })
  const pipelineOver = (files: ReadonlyArray<SourceFile>) =>
    Pipeline.make({
      name: "p",
      source: FakeSource.make({
        pages: Stream.fromIterable(FakeSource.pages("a", files.map(FakeSource.upsert)))
      }).source,
      map: Mapping.make((one) => one.path),
      sink: bucket.sink,
      ...options
    })
  return {
    ...listening,
    bucket,
    pipelineOver,
    /** Files as `id@token`, or whole. */
    run: (files: ReadonlyArray<string | SourceFile>, as = asItIs) =>
      Effect.suspend(() => {
        around = as
        const whole = files.map((one) => {
          if (typeof one !== "string") return one
          const [id = "", token = ""] = one.split("@")
          return file(id, { token })
        })
        return settled(Effect.provideService(Pipeline.run(pipelineOver(whole)), Ledger, listening.ledger))
      }),
    there: () => statesOf(bucket.objects.values())
  }
}
