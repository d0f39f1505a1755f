import { assert, describe, it } from "@effect/vitest"
import { Edits, Fault } from "@sluice/testkit/drive"
import { Effect } from "effect"
import type { DriveSource } from "../src/index.ts"
import { retry, standIn } from "./bench.ts"
import { kept } from "./following.ts"
import { inAnswersOf } from "./scenarios.ts"

/** Small, so that edits meet; half of it is shortcuts. */
const weights = { createShortcut: 30, createFolder: 10, moveOut: 8, moveIn: 8, move: 20 }

/** By turns. */
const variants: ReadonlyArray<(folder: string) => DriveSource.Options> = [
  (folder) => ({ from: { folders: [folder] } }),
  (folder) => ({ from: { folders: [folder] }, attributes: ["permissions"] }),
  () => ({ from: "my-drive", shortcuts: "keep" }),
  (folder) => ({ from: { folders: [folder] }, includeTrashed: true }),
  () => ({ from: "everything" }),
  () => ({ from: "my-drive" })
]

/** `DRIVE_FOLLOW_SEEDS=200` for a long look; and what has found something once. */
const rows = [
  ...Array.from(
    { length: Number(process.env["DRIVE_FOLLOW_SEEDS"] ?? 6) },
    (_, i) => [i + 1, i % variants.length] as const
  ),
  [24, 0],
  [118, 0],
  [152, 1],
  [163, 0]
] as const

describe("Follow, of edits by chance", () => {
  const keeps = (seed: number, variant: number, ahead: number) =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn({ burst: 1_000_000, queriesPerMinute: 100_000_000 }, { seed })
      const folder = yield* drive.createFolder("taken")
      const elsewhere = yield* drive.createFolder("elsewhere")
      yield* drive.seed({ files: 12, folders: 6, seed, parent: folder, maxSize: 10 })
      yield* drive.seed({ files: 6, folders: 3, seed: `${seed} elsewhere`, parent: elsewhere, maxSize: 10 })
      const edit = yield* Edits.make(drive, { folder, elsewhere, seed, weights })
      const [first] = variants
      const options = variants[variant] ?? first
      if (options === undefined) return assert.fail("there are no variants")
      const source = yield* kept(drive, inAnswersOf(1 + (seed % 4), live), options(folder))
      yield* source.sweep
      for (let run = 0; run < 30; run++) {
        for (let i = 0; i <= run % 7; i++) yield* edit
        if (run % 3 === 0) yield* source.followPart(1 + (run % 5), ahead === 0 ? 0 : 1 + ((run + ahead) % 9))
        if (run % 3 === 1) {
          yield* drive.faults.set([Fault.refuse("backendError", { after: run % 11, next: retry.maxAttempts })])
          yield* Effect.result(source.followOnly)
          yield* drive.faults.clear
        }
        if (run % 4 === 3) yield* source.follow
      }
      yield* source.follow
      assert.deepStrictEqual(yield* source.follow, [])
    })

  it.live.each(rows)("keeps what there is, through runs that fail and are broken off, seed %s", ([seed, variant]) =>
    keeps(seed, variant, 0)
  )

  it.live.each(rows)("keeps what there is, through runs that have delivered more than is settled, seed %s", (row) =>
    keeps(row[0], row[1], row[0])
  )
})
