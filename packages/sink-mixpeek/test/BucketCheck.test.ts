import { assert, describe, it } from "@effect/vitest"
import { Mapping, type Sink } from "@sluice/core"
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
  readonly removes?: Sink.Needs["removes"]
}

const asked = Effect.fnUntraced(function* (checking: Checking = {}) {
  const server = yield* Fixtures.standIn({
    buckets: [{ id: Fixtures.bucket, schema: Fixtures.schema, ...checking.bucket }],
    ...checking.server
  })
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...checking.sink })
  const options = checking.apiKey === undefined ? {} : { apiKey: Redacted.make(checking.apiKey) }
  const all = yield* sink
    .check(checking.mapping ?? Fixtures.mapping, { removes: checking.removes ?? [] })
    .pipe(Effect.provide(Fixtures.client(server, options)), Fixtures.elapsing)
  assert.deepStrictEqual(yield* server.violations, [])
  const { byOperation } = yield* server.totals
  return { all, deletions: byOperation["deleteObject"] ?? 0, listings: byOperation["getObjectDocuments"] ?? 0 }
})

const findings = (checking?: Checking) => Effect.map(asked(checking), ({ all }) => all)

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

  describe("of the permission to delete", () => {
    const about = (checking: Checking) =>
      Effect.map(asked(checking), ({ all, deletions }) => ({
        findings: all.filter(({ subject }) => subject === "apiKey"),
        deletions
      }))
    const keys = (permission: MixpeekStandIn.Permission) => ({ keys: [{ key: "sk_of_this_pipeline", permission }] })

    it.effect.each([
      [[], "write"],
      [[], "delete"]
    ] as const)("asks nothing where nothing is removed", ([removes, permission]) =>
      Effect.gen(function* () {
        const { deletions, findings } = yield* about({ removes, server: keys(permission) })
        assert.deepStrictEqual([deletions, findings], [0, []])
      })
    )

    it.effect.each(["delete", "admin"] as const)("finds it with a key that has the permission %s", (permission) =>
      Effect.gen(function* () {
        const { deletions, findings } = yield* about({ removes: ["gone", "superseded"], server: keys(permission) })
        assert.deepStrictEqual(findings, [{ severity: "ok", subject: "apiKey", message: "may delete objects" }])
        assert.strictEqual(deletions, 1)
      })
    )

    it.effect.each([
      [["gone"], "read", 'Use a key with the permission delete, or set deletes: "ignore"'],
      [["superseded"], "write", 'Use a key with the permission delete, or set updates: "new" or "ignore"'],
      [
        ["gone", "superseded"],
        "write",
        'Use a key with the permission delete, or set deletes: "ignore" and updates: "new" or "ignore"'
      ]
    ] as const)(
      "misses it where %j is removed with a key that has the permission %s",
      ([removes, permission, remedy]) =>
        Effect.gen(function* () {
          const { deletions, findings } = yield* about({ removes, server: keys(permission) })
          assert.deepStrictEqual(
            findings.map(({ remedy, severity }) => [severity, remedy]),
            [["error", remedy]]
          )
          assert.strictEqual(deletions, 1)
        })
    )

    it.effect("warns where the answer says neither", () =>
      Effect.gen(function* () {
        const faults = [{ kind: "bad-gateway" as const, operations: ["deleteObject"] }]
        const { findings } = yield* about({ removes: ["gone"], server: { faults } })
        assert.deepStrictEqual(
          findings.map(({ severity }) => severity),
          ["warning"]
        )
        assert.include(findings[0]?.message, "could not be found out: Mixpeek answered 502")
      })
    )

    it.effect("asks again where it is throttled, and not at all of a bucket that takes no writes", () =>
      Effect.gen(function* () {
        const faults = [{ kind: "throttle" as const, times: 1, operations: ["deleteObject"] }]
        const throttled = yield* about({ removes: ["gone"], server: { faults } })
        assert.deepStrictEqual([throttled.deletions, throttled.findings[0]?.severity], [2, "ok"])
        const locked = yield* about({ removes: ["gone"], bucket: { locked: true } })
        assert.deepStrictEqual([locked.deletions, locked.findings], [0, []])
      })
    )
  })

  describe("of documents", () => {
    const about = (checking: Checking) =>
      Effect.map(asked({ ...checking, sink: { documents: "remove" } }), ({ all, listings }) => ({
        findings: all
          .filter(({ subject }) => subject === "documents")
          .map(({ message, remedy, severity }) => `${severity}: ${message}. ${remedy}`),
        listings
      }))

    it.effect("says that they are removed before their object", () =>
      Effect.gen(function* () {
        const { findings, listings } = yield* about({ removes: ["gone"] })
        assert.deepStrictEqual([findings.length, listings], [1, 1])
        assert.include(findings[0], "ok: are removed before their object")
      })
    )

    it.effect("warns where they are to go with objects, and no object goes", () =>
      Effect.gen(function* () {
        const { findings, listings } = yield* about({ removes: [] })
        assert.deepStrictEqual([findings.length, listings], [1, 0])
        assert.match(findings[0] ?? "", /^warning: .*removes no objects.*deletes: "propagate"/)
      })
    )

    it.effect("asks nothing where they are left alone", () =>
      Effect.gen(function* () {
        const { all, listings } = yield* asked({ removes: ["gone"] })
        assert.deepStrictEqual([all.filter(({ subject }) => subject === "documents").length, listings], [0, 0])
      })
    )

    it.effect("warns where it could not be found out", () =>
      Effect.gen(function* () {
        const faults = [{ kind: "bad-gateway" as const, operations: ["getObjectDocuments"] }]
        const { findings } = yield* about({ removes: ["gone"], server: { faults } })
        assert.match(findings[0] ?? "", /^warning: .*could not be found out.*documents: "keep"/)
      })
    )

    it.effect("finds that they cannot be listed", () =>
      Effect.gen(function* () {
        const faults = [{ kind: "unauthorized" as const, operations: ["getObjectDocuments"] }]
        const { findings } = yield* about({ removes: ["gone"], server: { faults } })
        assert.match(findings[0] ?? "", /^error: they cannot be listed.*documents: "keep"/)
      })
    )
  })

  it.effect("says so where the organization does not tell its limits", () =>
    Effect.gen(function* () {
      const server = { faults: [{ kind: "unauthorized" as const, operations: ["getOrganization", "unknown"] }] }
      assert.deepStrictEqual(yield* complaints({ server }), ["warning rateLimits"])
    })
  )

  it.effect("fails where it could not find out", () =>
    Effect.gen(function* () {
      const server = { faults: [{ kind: "bad-gateway" as const, operations: ["getBucket"] }] }
      const error = yield* Effect.flip(findings({ server }))
      assert.strictEqual(error.reason._tag, "Unavailable")
    })
  )
})
