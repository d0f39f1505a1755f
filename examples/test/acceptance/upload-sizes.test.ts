/** Files on both sides of every limit that matters, and of unknown length: what arrives is what was there, in little memory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertWhole, folders, mostMemory, run, servers } from "./upload-sizes.ts"

const inline = 5_000_000
/** Documents of Drive are read whole, several at a time, and their uploads wait for each other: 196 to 198 MiB. */
const held = (method: string, store: string) => (method === "upload" && store === "gdrive" ? 8 * 1024 ** 2 : 0)
const sizes = {
  files: [0, 1, inline - 1, inline, inline + 1],
  documents: [0, 1, inline - 1, inline, inline + 1]
}

describe.each(["auto", "upload"] as const)("files that travel by %s", (method) => {
  it.live.each(["s3", "gdrive"] as const)("arrive whole, whatever their size (%s)", (store) =>
    Effect.gen(function* () {
      const { addresses, expected, found } = yield* servers(sizes)
      const job = { env: addresses[store], method, folders: yield* folders }
      const { created, peak, rejected, uploads } = yield* run(job)
      const lines = yield* expected(store)
      assert.deepStrictEqual([created, rejected], [lines.length, 0])
      assertWhole(yield* found, lines, job.folders)
      assert.isAtMost(peak, mostMemory + held(method, store))
      assert.strictEqual(uploads.completed, uploads.created)
      if (method === "upload") {
        assert.strictEqual(
          uploads.bytes,
          lines.reduce((sum, [, bytes]) => sum + bytes, 0)
        )
      }
    }).pipe(Effect.scoped)
  )
})
