import { assert, describe, it } from "@effect/vitest"
import { Mapping } from "@sluice/core"
import { Fields, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Redacted } from "effect"
import * as Fixtures from "./Fixtures.ts"

interface Checking {
  readonly bucket?: Partial<MixpeekStandIn.BucketOptions>
  readonly server?: Partial<MixpeekStandIn.Options>
  readonly sink?: Partial<MixpeekSink.Options>
  readonly mapping?: Mapping.Mapping<unknown, unknown>
  readonly apiKey?: string
}

const findings = Effect.fnUntraced(function* (checking: Checking = {}) {
  const server = yield* Fixtures.standIn({
    buckets: [{ id: Fixtures.bucket, schema: Fixtures.schema, ...checking.bucket }],
    ...checking.server
  })
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...checking.sink })
  const options = checking.apiKey === undefined ? {} : { apiKey: Redacted.make(checking.apiKey) }
  return yield* sink.check(checking.mapping ?? Fixtures.mapping).pipe(Effect.provide(Fixtures.client(server, options)))
})

/** `error document`: severity and subject of all that is not well. */
const complaints = (checking?: Checking) =>
  Effect.map(findings(checking), (all) =>
    all.filter(({ severity }) => severity !== "ok").map(({ severity, subject }) => `${severity} ${subject}`)
  )

const schema = (properties: MixpeekStandIn.BucketSchema["properties"]) => ({
  schema: { properties: { ...Fixtures.schema.properties, ...properties } }
})

const fields = (fields: { readonly [name: string]: Fields.Field }) =>
  MixpeekObject.fromFile({ property: { text: "content" }, fields })

describe("MixpeekSink.check", () => {
  it.effect("finds nothing wrong with a bucket that fits", () =>
    Effect.gen(function* () {
      const server = { limits: { data: { requests: 600 } } }
      const all = yield* findings({ server })
      assert.deepStrictEqual([...new Set(all.map(({ severity }) => severity))], ["ok"])
      assert.includeMembers(
        all.map(({ subject }) => subject),
        ["bucket", "content", "document", "source_key", "metadata.source", "uniqueKey", "rateLimits"]
      )
      assert.include(all.find(({ subject }) => subject === "rateLimits")?.message, "600 requests a minute")
    })
  )

  it.effect.each([
    ["a bucket that is not there", { sink: { bucket: "bkt_other" } }, ["error bucket"]],
    ["a wrong key", { apiKey: "sk_wrong" }, ["error apiKey"]],
    ["a bucket that is being deleted", { bucket: { status: "IN_PROGRESS" } }, ["error bucket"]],
    ["a locked bucket", { bucket: { locked: true } }, ["error bucket"]],
    [
      "a property the schema does not declare",
      { mapping: MixpeekObject.fromFile({ property: { image: "picture" } }) },
      ["error picture"]
    ],
    [
      "a property of another type",
      { mapping: MixpeekObject.fromFile({ property: { image: "document" } }) },
      ["error document"]
    ],
    [
      "a property for files of any type",
      { mapping: MixpeekObject.fromFile({ property: "document" }) },
      ["warning document"]
    ],
    ["a field the schema does not declare", { mapping: fields({ owner: Fields.tag("owner") }) }, ["error owner"]],
    ["a field of another type", { mapping: fields({ year: Fields.tag("year") }) }, ["error year"]],
    ["a field where a blob belongs", { mapping: fields({ document: Fields.path }) }, ["error document"]],
    [
      "a required field that is not mapped",
      { bucket: schema({ owner: { type: "string", required: true } }) },
      ["error owner"]
    ],
    [
      "a required field that not every file has",
      {
        bucket: schema({ owner: { type: "string", required: true } }),
        mapping: fields({ owner: Fields.tag("owner") })
      },
      ["warning owner"]
    ],
    [
      "a name that belongs to the API",
      { mapping: fields({ status: Fields.path }) },
      ["error fields.status", "error status"]
    ],
    [
      "a schema without a place for lineage",
      { bucket: { schema: { properties: { content: { type: "text" }, document: { type: "pdf" } } } } },
      ["error source_key", "error metadata.source"]
    ],
    [
      "lineage of another type than declared",
      { bucket: schema({ source_key: { type: "integer" } }) },
      ["error source_key"]
    ],
    ["a bucket without a schema", { bucket: { schema: undefined } }, ["warning schema"]],
    ["a mapping without a shape", { mapping: Mapping.make(() => Fixtures.textObject) }, ["warning mapping"]],
    ["an upsert that the bucket does not do", { sink: { uniqueKey: "upsert" } }, ["error uniqueKey"]],
    [
      "an upsert that the sink does not know of",
      { bucket: { uniqueKey: { fields: ["source_key"], default_policy: "upsert" } } },
      ["warning uniqueKey"]
    ],
    ["a unique key without a policy", { bucket: { uniqueKey: { fields: ["source_key"] } } }, ["error uniqueKey"]],
    [
      "a unique key that inserts only",
      { bucket: { uniqueKey: { fields: ["source_key"], default_policy: "insert" } } },
      ["error uniqueKey"]
    ],
    [
      "a unique key of a field that is not mapped",
      { bucket: { uniqueKey: { fields: ["title"], default_policy: "upsert" } }, sink: { uniqueKey: "upsert" } },
      ["error uniqueKey"]
    ]
  ] as ReadonlyArray<[string, Checking, ReadonlyArray<string>]>)("finds %s", ([, checking, expected]) =>
    Effect.gen(function* () {
      const server = { limits: { data: { requests: 600 } } }
      assert.deepStrictEqual(yield* complaints({ server, ...checking }), expected)
    })
  )

  it.effect("is content where everything fits, field by field", () =>
    Effect.gen(function* () {
      const mapping = fields({
        year: Fields.fileNameMatch(/(\d{4})/).pipe(Fields.integer),
        title: Fields.fileName.pipe(Fields.required),
        data: Fields.tag("data").pipe(Fields.jsonParse)
      })
      const bucket = {
        ...schema({ title: { type: "string", required: true } }),
        uniqueKey: { fields: ["source_key"], default_policy: "upsert" as const }
      }
      const server = { limits: { data: { requests: 600 } } }
      assert.deepStrictEqual(yield* complaints({ mapping, bucket, server, sink: { uniqueKey: "upsert" } }), [])
    })
  )

  it.effect.each([
    [{ lineage: { source: false } }, ["warning lineage.source"]],
    [{ lineage: { sourceKey: false }, acceptDoubles: true }, ["warning lineage.sourceKey"]],
    [{ lineage: { sourceKey: false }, uniqueKey: "upsert" }, []]
  ] as ReadonlyArray<[Partial<MixpeekSink.Options>, ReadonlyArray<string>]>)(
    "says what cannot be promised: %j",
    ([sink, expected]) =>
      Effect.gen(function* () {
        const server = { limits: { data: { requests: 600 } } }
        const bucket = { uniqueKey: { fields: ["content"], default_policy: "upsert" as const } }
        const said = yield* complaints({ server, ...(sink.uniqueKey === undefined ? {} : { bucket }), sink })
        assert.deepStrictEqual(
          said.filter((one) => !one.endsWith("uniqueKey")),
          expected
        )
      })
  )

  it.effect("looks into metadata where the schema says what is in it", () =>
    Effect.gen(function* () {
      const server = { limits: { data: { requests: 600 } } }
      const closed = schema({ metadata: { type: "object", properties: { category: { type: "string" } } } })
      assert.deepStrictEqual(yield* complaints({ bucket: closed, server }), ["error metadata.source"])
      const open = schema({ metadata: { type: "object", properties: { source: { type: "object" } } } })
      assert.deepStrictEqual(yield* complaints({ bucket: open, server }), [])
    })
  )

  it.effect("names the field and the remedy", () =>
    Effect.gen(function* () {
      const all = yield* findings({ mapping: fields({ owner: Fields.tag("owner") }) })
      const finding = all.find(({ subject }) => subject === "owner")
      assert.strictEqual(finding?.message, "bkt_files's schema does not declare it")
      assert.include(finding?.remedy, "Declare owner (string) in the bucket's schema")
      for (const { remedy, severity } of all) if (severity !== "ok") assert.isNotEmpty(remedy)
    })
  )

  it.effect("says so where the organization does not tell its limits", () =>
    Effect.gen(function* () {
      const server = { faults: [{ kind: "unauthorized" as const, operations: ["getOrganization", "unknown"] }] }
      assert.deepStrictEqual(yield* complaints({ server }), ["warning rateLimits"])
    })
  )

  it.effect("fails where it could not find out", () =>
    Effect.gen(function* () {
      const server = { faults: [{ kind: "bad-gateway" as const, operations: ["getBucket"] }] }
      const error = yield* Fixtures.elapsing(Effect.flip(findings({ server })))
      assert.strictEqual(error.reason._tag, "Unavailable")
    })
  )
})
