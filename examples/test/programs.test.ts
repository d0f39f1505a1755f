/** The further examples, each run as its users run it. */
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Progress } from "@sluice/core"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Schedule, Schema, Struct } from "effect"
import { HttpClient } from "effect/http"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { environment, target } from "./acceptance/bench.ts"
import * as Program from "./program.ts"

const decodeEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(Progress.Event))

const standIns = Effect.fnUntraced(function* (
  bucket: string,
  properties: MixpeekStandIn.BucketSchema["properties"],
  settings: Partial<MixpeekStandIn.Settings> = {}
) {
  const s3 = yield* S3StandIn.make()
  const mixpeek = yield* MixpeekStandIn.make({
    buckets: [
      {
        id: target,
        schema: { properties: { ...properties, source_key: { type: "string" }, metadata: { type: "object" } } }
      }
    ],
    undeclaredFields: "rejected",
    ...settings
  })
  const env = { ...environment(s3, mixpeek, bucket), MIXPEEK_REQUESTS_PER_MINUTE: "100000" }
  return { s3, mixpeek, env }
})

const type = (type: string) => ({ type })

describe("by-hand.ts", () => {
  it.live("sends what its filter lets through, inline, and prints each outcome", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns("notes", { text: type("text") })
      yield* s3.put("notes", "a.txt", "one")
      yield* s3.put("notes", "b/c.md", "two")
      yield* s3.put("notes", "d.pdf", "three")
      const { code, stderr, stdout } = yield* Program.run("by-hand.ts", [], env)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.deepStrictEqual(stdout.trim().split("\n").toSorted(), ["Created    a.txt", "Created    b/c.md"])
      const contents = (yield* mixpeek.objects(target)).map(({ blobs }) =>
        String(Buffer.from(blobs[0]?.content.bytes ?? []))
      )
      assert.deepStrictEqual(contents.toSorted(), ["one", "two"])
    }).pipe(Effect.scoped)
  )
})

describe("video-with-transcript.ts", () => {
  it.live("makes one object of a video and what belongs to it, and again when a part of it changes", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns("films", {
        video: type("video"),
        thumbnail: type("image"),
        transcript: type("text")
      })
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-films-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const run = Program.run("video-with-transcript.ts", [], { ...env, LEDGER_FILE: join(folder, "ledger.sqlite") })
      const put = (key: string, content: string) => s3.put("films", key, content)
      yield* put("alien.jpg", "a picture")
      yield* put("alien.mp4", "a film".repeat(1_000_000))
      yield* put("alien.srt", "a transcript")
      yield* put("brazil.mp4", "another film")
      yield* put("lost.srt", "nobody's transcript")
      const first = yield* run
      assert.deepStrictEqual([first.code, first.stderr], [0, ""])
      assert.include(first.stdout, "created 2 + updated 0 + skipped 1 ")
      const shown = () =>
        Effect.map(mixpeek.objects(target), (objects) =>
          objects
            .map(({ blobs }) =>
              blobs.map(({ content, property }) => `${property} ${content.form} ${content.size}`).join(", ")
            )
            .toSorted()
        )
      assert.deepStrictEqual(yield* shown(), [
        "video base64 12",
        "video upload 6000000, thumbnail base64 9, transcript value 12"
      ])
      yield* put("alien.srt", "a better transcript")
      const second = yield* run
      assert.include(second.stdout, "unchanged 1 + filtered 0 + created 1 ")
      assert.deepStrictEqual(yield* shown(), [
        "video base64 12",
        "video upload 6000000, thumbnail base64 9, transcript value 19"
      ])
      assert.deepStrictEqual([yield* mixpeek.orphans(target), yield* mixpeek.violations], [[], []])
    }).pipe(Effect.scoped)
  )
})

describe("custom-mapping.ts", () => {
  it.live("fills fields from path, name, tags, metadata and a look-up; skips drafts, rejects what nobody owns", () =>
    Effect.gen(function* () {
      const fields = ["department", "language", "reviewer", "kind", "owner"]
      const { env, mixpeek, s3 } = yield* standIns("files", {
        document: type("pdf"),
        published: type("date"),
        ...Object.fromEntries(fields.map((name) => [name, type("string")]))
      })
      const put = (key: string) =>
        s3.put("files", key, key, { tags: { language: "sv" }, metadata: { "reviewed-by": " Bo " } })
      yield* put("reports/Legal/2026-03-01 Terms.pdf")
      yield* put("reports/legal/draft/2026-03-02 Terms.pdf")
      yield* put("reports/unknown/2026-03-03 Terms.pdf")
      yield* s3.put("files", "reports/sales/Numbers.pdf", "x")
      const { code, stderr, stdout } = yield* Program.run("custom-mapping.ts", [], env)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.include(stdout, "created 2 + updated 0 + skipped 1 + rejected 1")
      assert.include(stdout, "nobody owns this department")
      const objects = (yield* mixpeek.objects(target)).map(({ fields }) =>
        Struct.omit(fields, ["metadata", "source_key"])
      )
      assert.deepStrictEqual(
        objects.toSorted((a, b) => String(a["owner"]).localeCompare(String(b["owner"]))),
        [
          {
            department: "legal",
            published: "2026-03-01",
            language: "sv",
            reviewer: "Bo",
            kind: "report",
            owner: "Ada"
          },
          { department: "sales", language: "en", kind: "report", owner: "Grace" }
        ]
      )
    }).pipe(Effect.scoped)
  )
})

describe("s3-compatible.ts", () => {
  it.live("reads a public bucket without credentials, two prefixes of it, by rules", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns("open-data", { image: type("image") })
      yield* s3.createBucket("open-data", { public: true })
      const keys = ["images/a.png", "images/thumbnails/a.png", "scans/b.jpg", "scans/readme.txt", "other/c.png"]
      for (const key of keys) yield* s3.put("open-data", key, key)
      const anonymous = { ...env, S3_ACCESS_KEY_ID: "", S3_SECRET_ACCESS_KEY: "" }
      const { code, stderr, stdout } = yield* Program.run("s3-compatible.ts", [], anonymous)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.include(stdout, "discovered 4 = unchanged 0 + filtered 2 + created 2 +")
      assert.deepStrictEqual((yield* mixpeek.objects(target)).map(({ keyPrefix }) => keyPrefix).toSorted(), [
        "images",
        "scans"
      ])
    }).pipe(Effect.scoped)
  )
})

describe("service.ts", () => {
  it.live("starts a run, streams its progress, stops it, and ends well on SIGTERM", () =>
    Effect.gen(function* () {
      const { env, mixpeek, s3 } = yield* standIns("files", { text: type("text") }, { latency: "50 millis" })
      yield* s3.pretend("files", { count: 250, key: (i) => `${String(i).padStart(3, "0")}.txt`, size: 10 })
      const program = yield* Program.start("service.ts", [], env)
      const url = yield* Effect.repeat(
        Effect.map(program.said, ({ stderr }) => /http:\/\/127\.0\.0\.1:\d+/.exec(stderr)?.[0]),
        { until: (found) => found !== undefined, schedule: Schedule.spaced("20 millis") }
      )
      const client = yield* HttpClient.HttpClient
      assert.strictEqual((yield* client.get(`${url}/run`)).status, 404)
      assert.strictEqual((yield* client.post(`${url}/run`)).status, 202)
      assert.strictEqual((yield* client.post(`${url}/run`)).status, 409)
      const lines = yield* Effect.flatMap(client.get(`${url}/run/progress`), (response) => response.text)
      const events = yield* Effect.forEach(lines.trim().split("\n"), (line) => decodeEvent(line))
      assert.strictEqual(events[0]?._tag, "Started")
      const last = events.at(-1)
      assert.strictEqual(last?._tag === "Ended" && last.report.created, 250)
      assert.strictEqual(yield* mixpeek.count(target), 250)

      // What is known is not sent again; a bucket that never ends is stopped.
      yield* s3.pretend("files", { count: 100_000, key: (i) => `${String(i).padStart(6, "0")}.txt`, size: 10 })
      assert.strictEqual((yield* client.post(`${url}/run`)).status, 202)
      const stopped = yield* Effect.flatMap(client.del(`${url}/run`), (response) => response.json)
      assert.propertyVal(stopped, "ended", "stopped")

      yield* program.kill("SIGTERM")
      assert.strictEqual((yield* program.ended).code, 143)
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))
  )
})
