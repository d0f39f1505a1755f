/**
 * A pipeline from a source that can say what changed, and the pages of that source: what runs that follow are tested with.
 */
import { Stream } from "effect"
import { type Change, Cursor, type Page } from "../../src/Change.ts"
import { sourceKey } from "../../src/Lineage.ts"
import * as Mapping from "../../src/Mapping.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as Source from "../../src/Source.ts"
import * as FakeSink from "./FakeSink.ts"
import * as FakeSource from "./FakeSource.ts"
import { file } from "./files.ts"
import { settled } from "./settled.ts"

/** Files by their names. */
export const names = (...ids: ReadonlyArray<string>) => ids.map((id) => FakeSource.upsert(file(id)))

/** The source key of a file of this name. */
export const keyOf = (id: string) => sourceKey(file(id).uri)

export const page = (
  range: string,
  cursor: number,
  changes: ReadonlyArray<Change>,
  over: Partial<Page> = {}
): Page => ({
  range,
  cursor: Cursor.make(String(cursor)),
  changes,
  ...over
})

/** Where changes are followed from, said before anything else. */
export const start = (cursor: number) => page("changes", cursor, [], { follows: true })

/** What changed. */
export const change = (cursor: number, changes: ReadonlyArray<Change>, over: Partial<Page> = {}) =>
  page("changes", cursor, changes, { follows: true, ...over })

type Said = ReadonlyArray<Page> | Stream.Stream<Page, Source.SourceError>

const saying = (said: Said = []): Stream.Stream<Page, Source.SourceError> =>
  Stream.isStream(said) ? said : Stream.fromIterable(said)

/** A pipeline that runs again and again over what the test says next. */
export const harness = (
  name: string,
  options: Partial<Pipeline.Options<string, FakeSink.FakePrepared, never, never, never>>
) => {
  let sweeping: Stream.Stream<Page, Source.SourceError> = Stream.empty
  let following: Stream.Stream<Page, Source.SourceError> = Stream.empty
  const fake = FakeSource.make({
    pages: Stream.suspend(() => sweeping),
    changes: () => Stream.suspend(() => following)
  })
  const sink = FakeSink.make({})
  const pipelineWith = (over: typeof options) =>
    Pipeline.make({
      name,
      source: fake.source,
      map: Mapping.make((one) => one.path),
      sink: sink.sink,
      ...options,
      ...over
    })
  const run = (
    pages: {
      readonly sweep?: Said
      readonly follow?: Said
    },
    options?: Pipeline.RunOptions,
    pipeline = pipelineWith({})
  ) => {
    sweeping = saying(pages.sweep)
    following = saying(pages.follow)
    return settled(Pipeline.run(pipeline, options))
  }
  const sent = () => sink.requests.splice(0).flatMap(({ paths }) => paths)
  const removed = () => sink.removals.splice(0).map(({ key }) => key)
  return { ...fake, pipelineWith, run, sent, removed }
}
