/** What the tests of sizes share: the stand-ins, the program that is measured, and what must be there when it has ended. */
import { assert } from "@effect/vitest"
import * as Crash from "@sluice/testkit/crash"
import { Effect, Schema } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Addresses, Found, Line, Question, Sizes } from "./upload-servers.ts"

/** No run may ever take more, however large a file is. Node and the modules have 160 to 180 MB of it before anything is read. */
export const mostMemory = 200 * 1024 ** 2

const received = <A>(child: ChildProcess): Effect.Effect<A> =>
  // The other side is upload-servers.ts: it answers what it is asked, one question after the other.
  Effect.promise(async () => ((await once(child, "message")) as [A])[0])

/** The stand-ins, in a process of their own. */
export const servers = Effect.fnUntraced(function* (sizes: Sizes) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("upload-servers.ts", import.meta.url), [JSON.stringify(sizes)])),
    (forked) => Effect.sync(() => forked.disconnect())
  )
  const addresses = yield* received<Addresses>(child)
  const ask = <A>(question: Question): Effect.Effect<A> =>
    Effect.suspend(() => {
      child.send(question)
      return received<A>(child)
    })
  return {
    addresses,
    found: ask<Found>({ _tag: "Found" }),
    expected: (store: "s3" | "gdrive") => ask<ReadonlyArray<Line>>({ _tag: "Expected", store }),
    trickle: (bytesPerSecond: number) => ask<unknown>({ _tag: "Trickle", bytesPerSecond })
  }
})

const module = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Packages as they are published: as TypeScript they take Node another 60 MB, for the compiler. */
const node = ["--conditions=compiled"]
const program = module("upload-program.ts")

/** Folders for the ledger and for what waits, gone with the scope, and one for what Node has compiled. */
export const folders = Effect.acquireRelease(
  Effect.sync(() => {
    const root = mkdtempSync(join(tmpdir(), "sluice-sizes-"))
    return {
      root,
      ledger: join(root, "ledger.db"),
      spool: mkdtempSync(join(root, "spool-")),
      cache: join(root, "cache")
    }
  }),
  ({ root }) => Effect.sync(() => rmSync(root, { recursive: true }))
).pipe(
  // It has nothing to do, says so, and leaves there what it has compiled: none of the runs that count needs a compiler.
  Effect.tap(({ cache }) => Crash.run({ args: [...node, program], env: { NODE_COMPILE_CACHE: cache } }, Effect.never))
)
export type Folders = Effect.Success<typeof folders>

/** How files travel, and from where. */
export interface Job {
  readonly env: Readonly<Record<string, string>>
  readonly method: "auto" | "upload"
  readonly folders: Folders
}

const programOf = ({ env, folders: { cache, ledger, spool }, method }: Job): Crash.Program => ({
  args: [...node, program],
  env: { ...env, METHOD: method, LEDGER: ledger, SPOOL: spool, NODE_COMPILE_CACHE: cache }
})

const Printed = Schema.fromJsonString(
  Schema.Struct({
    created: Schema.Int,
    rejected: Schema.Int,
    seconds: Schema.Finite,
    uploads: Schema.Struct({ created: Schema.Int, completed: Schema.Int, bytes: Schema.Int }),
    peak: Schema.Int
  })
)

/** Runs the program to its end; again while a run that was killed has the book. */
export const run = (job: Job): Effect.Effect<typeof Printed.Type> =>
  Effect.gen(function* () {
    const ended = yield* Crash.run(programOf(job), Effect.never)
    if (ended._tag === "Killed") return yield* Effect.die("nobody kills it")
    if (ended.code === 75) return yield* Effect.delay(run(job), "100 millis")
    assert.deepStrictEqual([ended.code, ended.stderr], [0, ""])
    return yield* Effect.orDie(Schema.decodeUnknownEffect(Printed)(ended.stdout))
  })

/** Runs the program until something is so of its process, and kills it. */
export const killWhen = Effect.fnUntraced(function* (job: Job, isSo: (pid: number) => Effect.Effect<boolean>) {
  const look = (pid: number): Effect.Effect<void> =>
    Effect.flatMap(isSo(pid), (yes) =>
      yes
        ? Effect.void
        : Effect.delay(
            Effect.suspend(() => look(pid)),
            "10 millis"
          )
    )
  assert.deepStrictEqual(yield* Crash.run(programOf(job), look), { _tag: "Killed" })
  assert.deepStrictEqual(readdirSync(job.folders.spool), [])
})

const byPath = (lines: ReadonlyArray<Line>) => lines.toSorted(([a], [b]) => (a < b ? -1 : 1))

/** All bytes arrived as they are at the source, once, and nothing else is left of them anywhere. */
export const assertWhole = (found: Found, expected: ReadonlyArray<Line>, { spool }: Folders) => {
  const { objects, uploads: _, ...rest } = found
  assert.deepStrictEqual(byPath(objects), byPath(expected))
  assert.deepStrictEqual(rest, { duplicates: 0, orphans: 0, violations: [] })
  assert.deepStrictEqual(readdirSync(spool), [])
}
