import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { as, bucket, call, client, createBatch, Stored, text } from "./session.ts"

const Page = Schema.Struct({
  results: Schema.Array(Stored),
  pagination: Schema.Struct({
    total: Schema.NullOr(Schema.Int),
    total_pages: Schema.NullOr(Schema.Int),
    next_cursor: Schema.NullOr(Schema.String)
  })
})

type Query = Record<string, string | number | boolean>

const listed = (standIn: MixpeekStandIn.MixpeekStandIn, query: Query, body: unknown = {}) => {
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return call(standIn, { path: `/v1/buckets/bkt_files/objects/list?${search.join("&")}`, body })
}

const keys = ({ results }: typeof Page.Type) => results.map(({ source_key }) => source_key)

const places = [
  { ...text("Aachen"), year: 1990, metadata: { source: { uri: "s3://b/Aachen.txt" }, tags: ["old", "Spa"] } },
  { ...text("Basel"), year: 2001, metadata: { source: { uri: "s3://b/basel.txt" }, tags: [] } },
  { ...text("chemnitz"), metadata: { source: { uri: "s3://c/chemnitz.txt" } } },
  { ...text("Dresden"), year: 2001 }
]

const withPlaces = Effect.fnUntraced(function* (settings: Partial<MixpeekStandIn.Settings> = {}) {
  const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], ...settings })
  yield* createBatch(standIn, places)
  return standIn
})

layer(client)("listing objects", (it) => {
  it.effect("pages with a cursor to the end", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      const first = as(Page, yield* listed(standIn, { limit: 3 }))
      assert.deepStrictEqual(keys(first), ["Aachen", "Basel", "chemnitz"])
      const last = as(Page, yield* listed(standIn, { limit: 3, cursor: String(first.pagination.next_cursor) }))
      assert.deepStrictEqual([keys(last), last.pagination.next_cursor], [["Dresden"], null])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("a cursor skips nothing when objects are deleted between pages", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      const first = as(Page, yield* listed(standIn, { limit: 2 }))
      const gone = first.results[0]?.object_id
      yield* call(standIn, { method: "DELETE", path: `/v1/buckets/bkt_files/objects/${gone}` })
      const cursor = String(first.pagination.next_cursor)
      assert.deepStrictEqual(keys(as(Page, yield* listed(standIn, { cursor }))), ["chemnitz", "Dresden"])
    })
  )

  it.effect("pages by offset alone in the older generation", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces({ paging: "offset" })
      const page = as(Page, yield* listed(standIn, { limit: 2, offset: 1 }))
      assert.deepStrictEqual([keys(page), page.pagination.next_cursor], [["Basel", "chemnitz"], null])
    })
  )

  it.effect("refuses a limit above 1000, an offset above 10000 and a foreign cursor", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      for (const [query, status] of [
        [{ limit: 1000, offset: 10_000 }, 200],
        [{ limit: 1001 }, 422],
        [{ offset: 10_001 }, 422],
        [{ cursor: "elsewhere" }, 400]
      ] as const) {
        assert.strictEqual((yield* listed(standIn, query)).status, status)
      }
    })
  )

  it.effect("counts only when asked to", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      const { pagination } = as(Page, yield* listed(standIn, { limit: 3, include_total: true }))
      assert.deepStrictEqual([pagination.total, pagination.total_pages], [4, 2])
      assert.strictEqual(as(Page, yield* listed(standIn, {})).pagination.total, null)
    })
  )

  it.effect("sorts in both directions, and pages through the sorted", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      const sorted = (direction: "asc" | "desc", query: Query = {}) =>
        Effect.map(listed(standIn, query, { sort: { field: "year", direction } }), (reply) => as(Page, reply))
      assert.deepStrictEqual(keys(yield* sorted("asc")), ["Aachen", "Basel", "Dresden", "chemnitz"])
      assert.deepStrictEqual(keys(yield* sorted("desc")), ["Basel", "Dresden", "Aachen", "chemnitz"])
      const cursor = String((yield* sorted("desc", { limit: 2 })).pagination.next_cursor)
      assert.deepStrictEqual(keys(yield* sorted("desc", { limit: 2, cursor })), ["Aachen", "chemnitz"])
    })
  )

  it.effect("selects by dot path, always with the ids", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      const reply = yield* listed(
        standIn,
        { limit: 1 },
        { select: ["metadata.source.uri", "blobs.details.size_bytes"] }
      )
      const [object] = yield* standIn.objects("bkt_files")
      assert.deepEqual<unknown>(as(Schema.Struct({ results: Schema.Unknown }), reply).results, [
        {
          object_id: object?.objectId,
          bucket_id: "bkt_files",
          metadata: { source: { uri: "s3://b/Aachen.txt" } },
          blobs: [{ property: "content", type: "text", details: { size_bytes: 17 } }]
        }
      ])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )
})

const condition = (field: string, operator: string, value?: unknown, more = {}) => ({ field, operator, value, ...more })
const [aachen, basel, chemnitz, dresden] = ["Aachen", "Basel", "chemnitz", "Dresden"] as const

layer(client)("filters", (it) => {
  it.effect.each([
    ["shorthand", { source_key: "aachen" }, [aachen]],
    ["eq without regard to case", condition("source_key", "eq", "AACHEN"), [aachen]],
    ["eq with regard to case", condition("source_key", "eq", "AACHEN", { case_sensitive: true }), []],
    ["eq null", { year: null }, [chemnitz]],
    ["ne", condition("year", "ne", 2001), [aachen, chemnitz]],
    ["gt", condition("year", "gt", 1990), [basel, dresden]],
    ["gte", condition("year", "gte", 1990), [aachen, basel, dresden]],
    ["lt", condition("year", "lt", 2001), [aachen]],
    ["lte", condition("year", "lte", 2001), [aachen, basel, dresden]],
    ["in", condition("source_key", "in", ["basel", "DRESDEN", "x"]), [basel, dresden]],
    ["nin", condition("source_key", "nin", ["basel", "DRESDEN"]), [aachen, chemnitz]],
    ["contains, in text", condition("source_key", "contains", "SE"), [basel]],
    ["contains, in an array", condition("metadata.tags", "contains", "spa"), [aachen]],
    ["starts_with a dot path", condition("metadata.source.uri", "starts_with", "S3://B/"), [aachen, basel]],
    ["ends_with", condition("metadata.source.uri", "ends_with", "z.TXT"), [chemnitz]],
    ["regex", condition("source_key", "regex", "^[a-c]"), [aachen, basel, chemnitz]],
    ["text", condition("metadata.source.uri", "text", "c chemnitz"), [chemnitz]],
    ["exists", condition("year", "exists", false), [chemnitz]],
    ["is_null", condition("metadata", "is_null", true), [dresden]],
    ["the object's own parts", condition("blobs.details.size_bytes", "gt", 17), [chemnitz, dresden]],
    ["AND", { AND: [{ year: 2001 }, condition("source_key", "contains", "d")] }, [dresden]],
    ["OR", { OR: [{ year: 1990 }, { source_key: "Dresden" }] }, [aachen, dresden]],
    ["NOT", { NOT: [{ year: 1990 }, { year: 2001 }] }, [chemnitz]],
    [
      "trees",
      { AND: [{ OR: [{ year: 1990 }, { year: 2001 }] }, { NOT: [{ source_key: "basel" }] }] },
      [aachen, dresden]
    ],
    [
      "case, for a whole branch",
      { case_sensitive: true, OR: [{ source_key: "aachen" }, { source_key: "Basel" }] },
      [basel]
    ]
  ] as const)("understand %s", ([, filters, expected]) =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      assert.deepStrictEqual(keys(as(Page, yield* listed(standIn, {}, { filters }))), [...expected])
    })
  )

  it.effect("of another dialect are refused and not ignored", () =>
    Effect.gen(function* () {
      const standIn = yield* withPlaces()
      const foreign = [
        { must: [{ key: "source_key", match: "a" }] },
        { source_key: { $eq: "a" } },
        condition("source_key", "in", "a"),
        condition("source_key", "regex", "(")
      ]
      for (const filters of foreign) assert.strictEqual((yield* listed(standIn, {}, { filters })).status, 400)
      assert.strictEqual((yield* listed(standIn, {}, { filters: condition("year", "$gt", 1) })).status, 422)
    })
  )
})
