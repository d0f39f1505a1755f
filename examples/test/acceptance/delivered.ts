/** What must be true when the sample files were moved: every object has one record, the right bytes, the right lineage. */
import { assert } from "@effect/vitest"
import { Ledger, Lineage, Pipeline, type SourceFile } from "@sluice/core"
import { type BlobDelivery, Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, type S3Options, S3Source } from "@sluice/source-s3"
import { NodeHttpClient } from "@effect/platform-node"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Effect, Layer } from "effect"
import { hash } from "node:crypto"
import { schema, sumOf, target, toObject, unlimited } from "./bench.ts"

/** No client can follow a link with such segments, so there is none; and Mixpeek takes none that is too long. */
const hasNoLink = ({ path, uri }: SourceFile.SourceFile) => /(^|\/)\.\.?(\/|$)/.test(path) || uri.length > 1000

const by = (method: BlobDelivery.Method) => (file: SourceFile.SourceFile) =>
  method === "reference" && hasNoLink(file) ? "auto" : method

/** Moves a bucket that holds the first `count` sample files, and looks at each object. */
export const delivers = (bucket: string, count: number, s3: S3Options.Options, method: BlobDelivery.Method) =>
  Effect.gen(function* () {
    const mixpeek = yield* MixpeekStandIn.make({ buckets: [{ id: target, schema }], fetchReferences: "GET" })
    const clients = Layer.mergeAll(
      S3.layer(s3),
      Mixpeek.layer({
        url: mixpeek.url,
        apiKey: mixpeek.apiKey,
        namespace: mixpeek.namespace,
        rateLimits: unlimited
      }),
      Ledger.layerForgetful
    ).pipe(Layer.provide(NodeHttpClient.layerUndici))
    const report = yield* Pipeline.run(
      Pipeline.make({
        name: "delivers",
        source: S3Source.make({ bucket }),
        map: toObject,
        sink: MixpeekSink.make({ bucket: target, batch: { maxWait: "1 minute" }, delivery: { method: by(method) } })
      })
    ).pipe(Effect.provide(clients))
    assert.deepStrictEqual(report.rejections, [])
    assert.deepStrictEqual(yield* mixpeek.orphans(target), [])
    assert.deepStrictEqual(
      [report.ended, report.discovered, report.created, sumOf(report), report.batchFill],
      ["complete", count, count, count, 1]
    )
    const files = new Map(SampleFiles.list(count).map((file) => [file.key, file]))
    const objects = yield* mixpeek.objects(target)
    assert.strictEqual(objects.length, count)
    assert.deepStrictEqual(yield* mixpeek.duplicates(target), [])
    const ids = new Set<string>()
    for (const { blobs, fields, keyPrefix, sourceDetails } of objects) {
      const lineage = sourceOf(fields)
      const file = files.get(lineage["path"] ?? "")
      if (file === undefined) return assert.fail(`no file is called ${lineage["path"]}`)
      files.delete(file.key)
      const bytes = file.bytes()
      const folder = file.key.slice(0, Math.max(file.key.lastIndexOf("/"), 0))
      const uri = `s3://${bucket}/${file.key.split("/").map(percentEncoded).join("/")}`
      assert.strictEqual(lineage["uri"], uri)
      assert.isFalse(ids.has(lineage["id"] ?? ""))
      ids.add(lineage["id"] ?? "")
      assert.include(lineage["token"], hash("md5", bytes, "hex"))
      assert.strictEqual(fields["source_key"], Lineage.sourceKey(uri))
      assert.strictEqual(lineage["run_id"], report.runId)
      assert.strictEqual(lineage["pipeline"], "delivers")
      assert.deepStrictEqual(sourceDetails, [{ type: "bucket", source_id: uri }])
      assert.strictEqual(keyPrefix ?? "", folder)
      assert.strictEqual(blobs.length, 1)
      assert.deepStrictEqual(
        [blobs[0]?.content.size, blobs[0]?.content.sha256],
        [bytes.length, hash("sha256", bytes, "hex")]
      )
    }
    assert.strictEqual(files.size, 0)
    assert.deepStrictEqual(yield* mixpeek.violations, [])
  })

/** RFC 3986: everything but unreserved characters. */
const percentEncoded = (segment: string): string =>
  encodeURIComponent(segment).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** What stands under `metadata.source`: strings, all of it. */
const sourceOf = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> => {
  const { metadata } = fields
  if (typeof metadata !== "object" || metadata === null || !("source" in metadata)) return {}
  return Object.fromEntries(
    Object.entries(metadata.source ?? {}).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []))
  )
}
