import { assert, describe, it } from "@effect/vitest"
import { Sink, Source, type SourceFile } from "@sluice/core"
import { Mixpeek, type MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { type Array as Arr, Duration, Effect, Option, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import * as Fixtures from "./Fixtures.ts"

const names = ["a.txt", "b.txt", "c.txt"] as const

const sinkOf = (options?: Partial<MixpeekSink.Options>) => MixpeekSink.make({ bucket: Fixtures.bucket, ...options })

const byReference = { delivery: { method: "reference" } } as const

interface Sending {
  readonly names?: Arr.NonEmptyReadonlyArray<string>
  readonly object?: (name: string) => MixpeekObject.MixpeekObject
  readonly link?: Source.Link
  readonly sink?: Partial<MixpeekSink.Options>
  /** What the source says of each file's size. */
  readonly size?: number
}

/** Sends one batch to a stand-in. */
const send = (server: MixpeekStandIn.MixpeekStandIn, sending: Sending = {}) => {
  const sink = sinkOf({ ...(sending.link === undefined ? {} : byReference), ...sending.sink })
  return Effect.flatMap(
    Fixtures.prepareAll(sink, sending.names ?? names, sending.object, sending.link, sending.size),
    sink.send
  ).pipe(Effect.provide(Fixtures.client(server)))
}

const bad = (name: string): MixpeekObject.MixpeekObject =>
  name.startsWith("b") ? { blobs: [{ property: "nowhere", type: "text" }] } : Fixtures.textObject

describe("MixpeekSink", () => {
  it.effect("creates an object for each record of a batch, with content and lineage", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const answers = yield* send(server)
      assert.deepStrictEqual(Fixtures.tags(answers), ["Created", "Created", "Created"])
      const objects = yield* server.objects(Fixtures.bucket)
      assert.deepStrictEqual(
        objects.map(({ fields }) => fields["source_key"]),
        answers.map(({ key }) => key)
      )
      const [first] = objects
      assert.deepInclude(first?.fields["metadata"], {
        source: {
          uri: "s3://files/a.txt",
          id: "a.txt",
          token: "v1",
          path: "a.txt",
          sha256: createHash("sha256").update("content of a.txt").digest("hex"),
          modified_at: "2026-11-24T00:00:00.000Z",
          run_id: "run_1",
          pipeline: "files"
        }
      })
      assert.deepStrictEqual(first?.sourceDetails, [{ type: "bucket", source_id: "s3://files/a.txt" }])
      assert.deepInclude(first?.blobs[0], { property: "content", type: "text" })
      assert.strictEqual(first?.blobs[0]?.content.size, "content of a.txt".length)
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.live.each([
    ["inline: it fits into a request", {}],
    ["upload: as configured", { delivery: { method: "upload" } }],
    ["upload: 16 bytes do not fit into the 10 bytes that go inline", { delivery: { maxInlineBytes: 10 } }]
  ] as const)("says how a file got there, and its digest: %s", ([delivery, sink]) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const [answer] = yield* send(server, { sink, names: ["a.txt"], size: 16 })
      const sha256 = createHash("sha256").update("content of a.txt").digest("hex")
      assert.deepInclude(answer?._tag === "Settled" ? answer.outcome : undefined, { _tag: "Created", delivery, sha256 })
      const [object] = yield* server.objects(Fixtures.bucket)
      assert.strictEqual(object?.blobs[0]?.content.sha256, sha256)
    })
  )

  it.effect("refers to files by links minted at each attempt", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const links = Fixtures.links()
      const sink = sinkOf(byReference)
      yield* Effect.gen(function* () {
        const batch = yield* Fixtures.prepareAll(sink, names, undefined, links)
        assert.strictEqual(links.minted(), 0)
        yield* sink.send(batch)
        assert.strictEqual(links.minted(), 3)
        yield* sink.send(batch)
        assert.strictEqual(links.minted(), 6)
      }).pipe(Effect.provide(Fixtures.client(server)))
      const objects = yield* server.objects(Fixtures.bucket)
      assert.strictEqual(objects[5]?.blobs[0]?.content.url, "https://files.example/c.txt?X-Amz-Signature=secret6")
    })
  )

  it.effect("rejects a file whose link comes out too long, and sends the others", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const link = Fixtures.links(({ id }) => `https://files.example/${id.startsWith("b") ? "x".repeat(3000) : id}`)
      const answers = yield* send(server, { link })
      assert.sameMembers([...Fixtures.tags(answers)], ["Created", "Rejected", "Created"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 2)
    })
  )

  const unavailable = new Source.SourceError({
    source: "s3:files",
    operation: "presign",
    reason: new Source.Unavailable(),
    message: "not reached"
  })
  const addressOf = ({ id }: SourceFile.SourceFile) => `https://files.example/${id}?X-Amz-Signature=secret`

  it.effect("has the links of a batch minted at once where the source can do that", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const asked: Array<number> = []
      const link: Source.Link = {
        ...Fixtures.links(),
        presigned: () => Effect.die("one by one"),
        presignedAll: (files) =>
          Effect.sync(() => {
            asked.push(files.length)
            return Redacted.make(files.map((file) => (file.id === "b.txt" ? "x".repeat(3000) : addressOf(file))))
          })
      }
      assert.deepStrictEqual(Fixtures.tags(yield* send(server, { link })), ["Rejected", "Created", "Created"])
      assert.deepStrictEqual(asked, [3])
      const objects = yield* server.objects(Fixtures.bucket)
      assert.deepStrictEqual(
        objects.map(({ blobs }) => blobs[0]?.content.url),
        ["a.txt", "c.txt"].map((name) => addressOf(Fixtures.file(name)))
      )
    })
  )

  it.effect.each([
    ["that failed for all of them", Effect.fail(unavailable)],
    ["some are missing", Effect.succeed(Redacted.make(["https://files.example/a.txt"]))]
  ] as const)("has the links minted one by one where %s", ([, together]) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const link: Source.Link = {
        ...Fixtures.links(),
        presigned: (file) =>
          file.id === "b.txt" ? Effect.fail(unavailable) : Effect.succeed(Redacted.make(addressOf(file))),
        presignedAll: () => together
      }
      assert.sameMembers([...Fixtures.tags(yield* send(server, { link }))], ["Created", "Retry", "Created"])
    })
  )

  it.effect.each([
    ["tries a file again whose link cannot be made", new Source.Unavailable(), undefined],
    ["stops where no link can be made any more", new Source.Unauthorized(), "Unusable"]
  ] as const)("%s", ([, reason, expected]) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const error = new Source.SourceError({
        source: "s3:files",
        operation: "presign",
        reason,
        message: "no credentials"
      })
      const link: Source.Link = { ...Fixtures.links(), presigned: () => Effect.fail(error) }
      const result = yield* Effect.result(send(server, { link }))
      if (expected === undefined) {
        assert.deepStrictEqual(Fixtures.tags(result._tag === "Success" ? result.success : []), [
          "Retry",
          "Retry",
          "Retry"
        ])
      } else {
        assert.strictEqual(result._tag === "Failure" ? result.failure.reason._tag : "", expected)
      }
      assert.strictEqual((yield* server.requests).length, 0)
    })
  )

  it.effect.each([
    ["in the order sent", { order: "same" }],
    ["reversed", { order: "reversed" }],
    ["shuffled", { order: "shuffled" }],
    ["without fields", { order: "same", echoFields: false }]
  ] as const)("settles each record of a partly failed batch, answered %s", ([, settings]) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn(settings)
      const answers = yield* send(server, { object: bad })
      assert.deepStrictEqual(Fixtures.tags(answers), ["Created", "Rejected", "Created"])
      const objects = yield* server.objects(Fixtures.bucket)
      const idOf = (key: string | undefined) => objects.find(({ fields }) => fields["source_key"] === key)?.objectId
      for (const answer of answers) {
        if (answer._tag !== "Settled" || answer.outcome._tag !== "Created") continue
        assert.strictEqual(answer.outcome.objectId, idOf(answer.key))
      }
    })
  )

  it.effect("settles a batch of which every object failed", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const answers = yield* send(server, { names: ["b1", "b2"], object: bad })
      assert.deepStrictEqual(Fixtures.tags(answers), ["Rejected", "Rejected"])
    })
  )

  it.effect("understands the array of the generation before", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ generation: "array", order: "shuffled" })
      assert.deepStrictEqual(Fixtures.tags(yield* send(server)), ["Created", "Created", "Created"])
    })
  )

  it.effect.each([
    ["loc", [1]],
    ["location", [1]],
    ["unnamed", []]
  ] as const)("says of a batch refused as a whole (%s) which records are suspect", ([refusal, suspects]) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ generation: "array", refusal })
      const { reason } = yield* Effect.flip(send(server, { object: bad }))
      assert.deepStrictEqual(reason._tag === "Refused" ? reason.suspects : reason._tag, suspects)
    })
  )

  it.effect("counts suspects in the batch, also where records were left out of the request", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ generation: "array" })
      const link = Fixtures.links(({ id }) => `https://files.example/${id === "a.txt" ? "x".repeat(3000) : id}`)
      const { reason } = yield* Effect.flip(send(server, { object: bad, link }))
      assert.deepStrictEqual(reason._tag === "Refused" ? reason.suspects : reason._tag, [1])
    })
  )

  it.effect.each([
    ["reset", "Ambiguous"],
    ["truncated", "Ambiguous"],
    ["bad-gateway", "Ambiguous"],
    ["gateway-timeout", "Ambiguous"],
    ["server-error", "Ambiguous"],
    ["unavailable", "Ambiguous"],
    ["throttle", "Throttled"],
    ["unauthorized", "Unauthorized"]
  ] as const)("takes the fault %s for %s", ([kind, expected]) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ faults: [{ kind }] })
      const error = yield* Effect.flip(send(server))
      assert.strictEqual(error.reason._tag, expected)
      assert.strictEqual("sink" in error ? error.sink : "", "mixpeek:bkt_files")
    })
  )

  it.effect("says which quota is used up", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ quota: { resource: "objects", limit: 2, tier: "free" } })
      const { message, reason } = yield* Effect.flip(send(server))
      assert.deepInclude(reason, { _tag: "QuotaExceeded", resource: "objects", current: 0, limit: 2 })
      assert.include(message, "Raise the plan's allowance")
    })
  )

  it.effect("says that a body is too large", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ maxBodyBytes: 500 })
      assert.strictEqual((yield* Effect.flip(send(server))).reason._tag, "TooLarge")
    })
  )

  it.effect.each([
    ["a locked bucket", { locked: true }, {}, "Unusable"],
    ["a key that may only read", {}, { keys: [{ key: "sk_reader", permission: "read" as const }] }, "Unauthorized"]
  ] as const)("stops at %s", ([, bucket, settings, expected]) =>
    Effect.gen(function* () {
      const buckets = [{ id: Fixtures.bucket, schema: Fixtures.schema, ...bucket }]
      const server = yield* Fixtures.standIn({ buckets, ...settings })
      const error = yield* Effect.flip(send(server))
      assert.strictEqual(error.reason._tag, expected)
      assert.isTrue(error.stopsRun)
    })
  )

  it.effect("tells updates from creations where the bucket upserts, and never doubles", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2026-11-24T12:00:00Z"))
      const uniqueKey = { fields: ["source_key"], default_policy: "upsert" as const }
      const server = yield* Fixtures.standIn({ buckets: [{ id: Fixtures.bucket, schema: Fixtures.schema, uniqueKey }] })
      const sink = { uniqueKey: "upsert" as const }
      assert.deepStrictEqual(Fixtures.tags(yield* send(server, { sink })), ["Created", "Created", "Created"])
      yield* TestClock.adjust("1 minute")
      const again = yield* send(server, { sink, names: ["b.txt", "d.txt"] })
      assert.deepStrictEqual(Fixtures.tags(again), ["Updated", "Created"])
      assert.deepStrictEqual(yield* server.duplicates(Fixtures.bucket), [])
      assert.isTrue(Option.isNone(sinkOf(sink).find))
    })
  )

  it.effect.each(["skipped", "empty", "existing"] as const)(
    "tells duplicates from creations where skip_duplicates is answered in the way %s",
    (skipDuplicates) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse("2026-11-24T12:00:00Z"))
        const server = yield* Fixtures.standIn({ skipDuplicates })
        const sink = { skipDuplicates: true }
        assert.deepStrictEqual(Fixtures.tags(yield* send(server, { sink, names: ["a.txt", "b.txt"] })), [
          "Created",
          "Created"
        ])
        yield* TestClock.adjust("1 minute")
        const again = yield* send(server, { sink, names: ["b.txt", "c.txt"] })
        assert.deepStrictEqual(Fixtures.tags(again), ["SkippedDuplicate", "Created"])
      })
  )

  it.effect("lets an object ask for skip_duplicates by itself", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const object = (name: string) => ({ ...Fixtures.textObject, skipDuplicates: name === "a.txt" })
      yield* send(server, { object })
      const objects = yield* server.objects(Fixtures.bucket)
      assert.deepStrictEqual(
        objects.map(({ skipDuplicates }) => skipDuplicates),
        [true, false, false]
      )
    })
  )

  it("states its limits", () => {
    assert.deepStrictEqual(sinkOf().limits, {
      maxRecords: 100,
      maxBytes: 16_777_216,
      maxWait: Duration.seconds(1),
      maxInFlight: 4,
      maxPreparing: 100
    })
  })

  it.effect.each([
    [{ bucket: "" }, "bucket", "empty"],
    [{ bucket: "my bucket" }, "bucket", "cannot be a bucket's id"],
    [{ batch: { maxRecords: 101 } }, "batch.maxRecords", "1 to 100"],
    [{ batch: { maxBytes: 5 } }, "batch.maxBytes", "4,096"],
    [{ batch: { maxWait: Duration.infinity } }, "batch.maxWait", "finite"],
    [{ concurrency: 0 }, "concurrency", "1 to"],
    [{ preparing: 1.5 }, "preparing", "whole"],
    [{ lineage: { sourceKey: false } }, "lineage.sourceKey", "nowhere"],
    [{ lineage: { sourceKey: "status" } }, "lineage.sourceKey", "belongs to the API"],
    [{ delivery: { linkLifetime: "1 second" } }, "delivery.linkLifetime", "10 minutes"]
  ] as ReadonlyArray<[Partial<MixpeekSink.Options>, string, string]>)(
    "refuses %j before any work: field, problem and remedy",
    ([options, field, problem]) =>
      Effect.gen(function* () {
        const server = yield* Fixtures.standIn()
        const sink = sinkOf(options)
        const findings = yield* sink
          .check(Fixtures.mapping, Fixtures.noNeeds)
          .pipe(Effect.provide(Fixtures.client(server)))
        assert.deepStrictEqual(
          findings.map(({ severity, subject }) => [severity, subject]),
          [["error", field]]
        )
        assert.include(findings[0]?.message, problem)
        assert.isNotEmpty(findings[0]?.remedy)
        const error = yield* Effect.flip(send(server, { sink: options }))
        assert.isTrue(error instanceof Sink.SinkError && error.stopsRun)
        assert.strictEqual((yield* server.requests).length, 0)
      })
  )

  it("says everything that is wrong at once", () => {
    const sink = sinkOf({ bucket: " ", concurrency: 0, lineage: { source: "error" } })
    return Effect.runPromise(
      sink.check(Fixtures.mapping, Fixtures.noNeeds).pipe(
        Effect.map((findings) => assert.strictEqual(findings.length, 3)),
        Effect.provideService(Mixpeek, {} as never) // not asked
      )
    )
  })

  it.live("settles a stream composed by hand, through faults of every kind", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({
        order: "shuffled",
        badObjects: 0.02,
        faults: [
          { kind: "throttle", fraction: 0.05 },
          { kind: "reset", commits: "before", times: 2, skip: 2 },
          { kind: "bad-gateway", commits: "never", times: 1, skip: 5 }
        ]
      })
      const files = Array.from({ length: 1000 }, (_, index) => Fixtures.file(`file ${index}.txt`))
      const records = Stream.fromIterable(
        files.map((file) => Fixtures.record(Fixtures.textObject, file, Fixtures.content(file.path)))
      )
      const settled = yield* Stream.runCollect(MixpeekSink.dispatch({ bucket: Fixtures.bucket })(records)).pipe(
        Effect.provide(Fixtures.client(server))
      )
      assert.strictEqual(new Set(settled.map(({ record }) => record.key)).size, 1000)
      const created = settled.filter(({ outcome }) => outcome._tag === "Created")
      assert.strictEqual(yield* server.count(Fixtures.bucket), created.length)
      assert.strictEqual(yield* server.distinct(Fixtures.bucket), created.length)
      assert.deepStrictEqual(yield* server.duplicates(Fixtures.bucket), [])
      assert.deepStrictEqual(yield* server.tooEarly, [])
      assert.deepStrictEqual(yield* server.violations, [])
      assert.isAbove(created.length, 950)
      assert.isBelow(created.length, 1000)
    })
  )
})
