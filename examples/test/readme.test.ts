import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, FileSystem, Redacted } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** Their TypeScript is quoted from examples. */
const documents = ["README.md", "docs/writing-a-source.md"]

const blocks = (markdown: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/^```ts\n([^]*?)^```$/gm), ([, code = ""]) => code.trim())

/** What stands between `// #region name` and its `// #endregion`, as far left as it goes. */
const regions = (code: string): ReadonlyArray<string> =>
  Array.from(code.matchAll(/^( *)\/\/ #region .*\n([^]*?)^ *\/\/ #endregion/gm), ([, indent = "", region = ""]) =>
    region.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim()
  )

const examples = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const names = yield* fs.readDirectory("examples", { recursive: true })
  const sources = names.filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
  const found = yield* Effect.forEach(sources, (name) => Effect.map(fs.readFileString(`examples/${name}`), regions))
  return new Set(found.flat())
})

describe("the documents", () => {
  for (const document of documents) {
    it.live(`${document} quotes programs that are run by a test`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const known = yield* examples
        const quoted = blocks(yield* fs.readFileString(document))
        assert.isAbove(quoted.length, 0)
        for (const block of quoted) assert.isTrue(known.has(block), `no region of an example is this block:\n${block}`)
      }).pipe(Effect.provide(NodeServices.layer))
    )
  }

  it.live.each([
    ["docs/google-drive.md", 20],
    ["docs/guarantees.md", 8]
  ] as const)("%s names tests that are there", ([document, least]) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const named = (yield* fs.readFileString(document)).matchAll(/\]\(\.\.\/([^)]+)\): "([^"]+)"/g)
      let count = 0
      for (const [, file = "", title = ""] of named) {
        count++
        assert.include(yield* fs.readFileString(file), title, `${file} has no such test`)
      }
      assert.isAbove(count, least)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live(
    "the program in README.md runs as it stands, and again without making doubles",
    () =>
      Effect.gen(function* () {
        const s3 = yield* S3StandIn.make()
        yield* s3.createBucket("acme-photos")
        for (let i = 0; i < 120; i++) yield* s3.put("acme-photos", `2026/${i}.jpg`, `picture ${i}`)
        yield* s3.put("acme-photos", "2025/old.jpg", "picture")
        yield* s3.put("acme-photos", "2026/notes.txt", "text")
        const mixpeek = yield* MixpeekStandIn.make({
          buckets: [
            {
              id: "bkt_photos",
              schema: {
                properties: {
                  photo: { type: "image" },
                  source_key: { type: "string", required: true },
                  metadata: { type: "object" }
                }
              },
              uniqueKey: { fields: ["source_key"], default_policy: "upsert" }
            }
          ]
        })
        const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
        const run = spawner.string(
          ChildProcess.make(process.execPath, ["--import", "tsx", "examples/quick-start.ts"], {
            env: {
              S3_ENDPOINT: s3.url,
              S3_ACCESS_KEY_ID: s3.accessKeyId,
              S3_SECRET_ACCESS_KEY: Redacted.value(s3.secretAccessKey),
              MIXPEEK_URL: mixpeek.url,
              MIXPEEK_API_KEY: Redacted.value(mixpeek.apiKey),
              MIXPEEK_NAMESPACE: mixpeek.namespace
            },
            extendEnv: true,
            stderr: "inherit"
          })
        )
        const counts = (filtered: number, created: number, updated: number) =>
          `discovered ${filtered + created + updated} = unchanged 0 + filtered ${filtered} + created ${created} + updated ${updated} +`
        const first = yield* run
        assert.include(first, counts(1, 120, 0))
        const second = yield* run
        assert.include(second, counts(1, 0, 120))
        assert.strictEqual((yield* mixpeek.objects("bkt_photos")).length, 120)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )
})
