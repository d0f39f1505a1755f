/** What is made of objects goes with them, through a whole pipeline: replaced, deleted, kept back, and tried again. */
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Ledger, Pipeline } from "@sluice/core"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { Credentials, S3, S3Source } from "@sluice/source-s3"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Layer } from "effect"
import { schema, target, toObject, unlimited } from "./bench.ts"

const collections = [{ id: "col_pages", documentsPerObject: 2 }, { id: "col_faces" }]

const bench = Effect.gen(function* () {
  const s3 = yield* S3StandIn.make()
  for (const key of ["a.pdf", "b.pdf", "c.pdf"]) yield* s3.put("files", key, "one")
  const mixpeek = yield* MixpeekStandIn.make({ buckets: [{ id: target, schema }], documents: { collections } })
  const clients = Layer.mergeAll(
    S3.layer({
      endpoint: s3.url,
      credentials: Credentials.Static({ accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey })
    }),
    Mixpeek.layer({
      url: mixpeek.url,
      apiKey: mixpeek.apiKey,
      namespace: mixpeek.namespace,
      rateLimits: unlimited
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
  const run = Pipeline.run(
    Pipeline.make({
      name: "documents",
      source: S3Source.make({ bucket: "files" }),
      map: toObject,
      sink: MixpeekSink.make({ bucket: target, documents: "remove" }),
      deletes: "propagate"
    })
  ).pipe(Effect.provide(clients))
  /** Objects there are, and objects of which there is something. */
  const there = Effect.gen(function* () {
    assert.deepStrictEqual(yield* mixpeek.violations, [])
    const objects = (yield* mixpeek.objects(target)).map(({ objectId }) => objectId)
    const documents = yield* mixpeek.documents
    return { objects, of: [...new Set(documents.map(({ objectId }) => objectId))], documents: documents.length }
  })
  return { s3, mixpeek, run, there }
})

describe("documents of objects", () => {
  it.live("go with what is replaced and what is deleted, and of what stays they stay", () =>
    Effect.gen(function* () {
      const { run, s3, there } = yield* bench
      assert.strictEqual((yield* run).created, 3)
      yield* s3.put("files", "a.pdf", "two")
      yield* s3.remove("files", "b.pdf")
      const report = yield* run
      assert.deepStrictEqual([report.created, report.removed, report.unchanged], [1, 1, 1])
      const { documents, objects, of } = yield* there
      assert.strictEqual(objects.length, 2)
      assert.sameMembers(of, objects)
      assert.strictEqual(documents, 6)
    }).pipe(Effect.scoped, Effect.provide(Ledger.layerMemory))
  )

  it.live("keep their object where they cannot be deleted, until a later run can", () =>
    Effect.gen(function* () {
      const { mixpeek, run, s3, there } = yield* bench
      yield* run
      const [stuck] = yield* mixpeek.documents
      yield* mixpeek.set({ documents: { collections, stuck: [stuck?.documentId ?? ""] } })
      for (const key of ["a.pdf", "b.pdf"]) yield* s3.remove("files", key)
      const report = yield* run
      assert.deepStrictEqual([report.removed, report.rejected], [1, 1])
      assert.deepStrictEqual(
        report.rejections.map(({ code }) => code),
        ["documents-remain"]
      )
      assert.strictEqual((yield* there).objects.length, 2)
      yield* mixpeek.set({ documents: { collections } })
      assert.strictEqual((yield* run).removed, 1)
      const { objects, of } = yield* there
      assert.strictEqual(objects.length, 1)
      assert.sameMembers(of, objects)
    }).pipe(Effect.scoped, Effect.provide(Ledger.layerMemory))
  )
})
