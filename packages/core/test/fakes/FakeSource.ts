/**
 * A source in memory: ranges of pages, decided by the test.
 */
import { Effect, Option, Stream } from "effect"
import { type Change, Cursor, type Page } from "../../src/Change.ts"
import type * as Check from "../../src/Check.ts"
import * as Source from "../../src/Source.ts"
import type { SourceFile } from "../../src/SourceFile.ts"

export const upsert = (file: SourceFile): Change => ({ _tag: "Upsert", file })

/** Pages of one range whose cursors count pages. */
export const pages = (range: string, ...changes: ReadonlyArray<ReadonlyArray<Change>>): ReadonlyArray<Page> =>
  changes.map((list, index) => ({ range, cursor: Cursor.make(String(index + 1)), changes: list }))

export const make = (options: {
  readonly pages: Stream.Stream<Page, Source.SourceError>
  readonly findings?: ReadonlyArray<Check.Finding>
  readonly now?: (file: SourceFile) => Option.Option<SourceFile>
  /** What follows from the positions asked for; without it, the source cannot follow. */
  readonly changes?: (asked: Source.FollowOptions<unknown>) => Stream.Stream<Page, Source.SourceError>
}) => {
  const sweeps: Array<Source.SweepOptions> = []
  const followed: Array<Source.FollowOptions<unknown>> = []
  const source: Source.Source = {
    name: "fake",
    check: Effect.succeed(options.findings ?? []),
    sweep: (asked) =>
      Stream.suspend(() => {
        sweeps.push(asked)
        return options.pages.pipe(
          Stream.filter((page) => {
            const from = asked.resume.find((stored) => stored.range === page.range)
            return from === undefined || Number(page.cursor) > Number(from.cursor)
          })
        )
      }),
    follow: Option.map(
      Option.fromUndefinedOr(options.changes),
      (changes) => (asked) =>
        Stream.suspend(() => {
          followed.push(asked)
          return changes(asked)
        })
    ),
    read: () => Stream.empty,
    stat: (file) => Effect.succeed((options.now ?? Option.some)(file)),
    link: () => Option.none()
  }
  return { source, sweeps, followed }
}

export const error = (reason: Source.SourceErrorReason) =>
  new Source.SourceError({ source: "fake", operation: "list", reason, message: `the fake said ${reason._tag}` })
