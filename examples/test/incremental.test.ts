/** `incremental.ts`, `replay-dead-letters.ts` and `reconcile.ts`, run as their users run them, one after the other over one ledger. */
import { assert, describe, it } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { environment, schema, target } from "./acceptance/bench.ts"
import * as Program from "./program.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-examples-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const standIns = Effect.gen(function* () {
  const s3 = yield* S3StandIn.make()
  const mixpeek = yield* MixpeekStandIn.make({ buckets: [{ id: target, schema }] })
  const ledger = join(yield* folder, "mirror.sqlite")
  const env = { ...environment(s3, mixpeek, "files"), MIXPEEK_REQUESTS_PER_MINUTE: "100000", LEDGER_FILE: ledger }
  return { s3, mixpeek, env }
})

/** Lines of counts: one for each run. */
const counts = (stdout: string) => stdout.split("\n").filter((line) => line.includes("discovered"))

describe("incremental.ts", () => {
  it.live("sends nothing the second time, and later only what changed", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns
      for (let i = 0; i < 30; i++) yield* s3.put("files", `${i}.txt`, `text ${i}`)
      const first = yield* Program.run("incremental.ts", [], env)
      assert.deepStrictEqual([first.code, first.stderr], [0, ""])
      assert.deepStrictEqual(counts(first.stdout), [
        "  discovered 30 = unchanged 0 + filtered 0 + created 30 + updated 0 + skipped 0 + rejected 0 + removed 0",
        "  discovered 30 = unchanged 30 + filtered 0 + created 0 + updated 0 + skipped 0 + rejected 0 + removed 0"
      ])
      yield* s3.put("files", "0.txt", "changed")
      yield* s3.put("files", "new.txt", "new")
      yield* s3.remove("files", "1.txt")
      const second = yield* Program.run("incremental.ts", [], env)
      assert.deepStrictEqual([second.code, second.stderr], [0, ""])
      assert.deepStrictEqual(counts(second.stdout), [
        "  discovered 31 = unchanged 28 + filtered 0 + created 2 + updated 0 + skipped 0 + rejected 0 + removed 1",
        "  discovered 30 = unchanged 30 + filtered 0 + created 0 + updated 0 + skipped 0 + rejected 0 + removed 0"
      ])
      assert.strictEqual((yield* mixpeek.objects(target)).length, 30)
      assert.deepStrictEqual(yield* mixpeek.duplicates(target), [])
    }).pipe(Effect.scoped)
  )
})

describe("reconcile.ts", () => {
  it.live(
    "shows that nothing differs, or what does, and makes a ledger that was lost again without sending anything",
    () =>
      Effect.gen(function* () {
        const { env, mixpeek, s3 } = yield* standIns
        for (let i = 0; i < 30; i++) yield* s3.put("files", `${i}.txt`, `text ${i}`)
        yield* Program.run("incremental.ts", [], env)
        const looked = yield* Program.run("reconcile.ts", [], env)
        assert.deepStrictEqual([looked.code, looked.stderr], [0, ""])
        assert.include(looked.stdout, "mirror: 30 files in the ledger, 30 objects: they are the same")
        for (const end of ["", "-wal", "-shm"]) rmSync(`${env.LEDGER_FILE}${end}`, { force: true })
        yield* s3.put("files", "new.txt", "new")
        const lost = yield* Program.run("reconcile.ts", [], env)
        assert.match(lost.stdout, /mirror: 0 files in the ledger, 30 objects\n {2}30 extra: .*\n[^]*\n {2}31 unsent: /)
        const { code, stderr, stdout } = yield* Program.run("reconcile.ts", ["--repair"], env)
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.include(stdout, "discovered 31 = unchanged 30 + filtered 0 + created 1 ")
        assert.strictEqual((yield* mixpeek.objects(target)).length, 31)
        assert.include((yield* Program.run("reconcile.ts", [], env)).stdout, "31 objects: they are the same")
      }).pipe(Effect.scoped)
  )
})

describe("replay-dead-letters.ts", () => {
  it.live("shows what was refused and why, gives up what is empty, and takes the rest again", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns
      yield* s3.put("files", "a.txt", "text")
      yield* s3.put("files", "b.bin", "bytes")
      yield* s3.put("files", "c.bin", "")
      assert.strictEqual((yield* Program.run("incremental.ts", [], env)).code, 0)
      const { code, stderr, stdout } = yield* Program.run("replay-dead-letters.ts", [], env)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(stdout, /^b\.bin: .*\(mapping, 2 ×, .*\)\nc\.bin: .*\n1 given up\n/)
      assert.include(stdout, "created 1 ")
      assert.include(stdout, "\n0 left\n")
      assert.strictEqual((yield* mixpeek.objects(target)).length, 2)
    }).pipe(Effect.scoped)
  )
})
