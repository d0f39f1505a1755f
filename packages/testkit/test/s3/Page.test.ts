import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { memoryBody } from "../../src/internal/body.ts"
import { compareKeys } from "../../src/s3/internal/order.ts"
import { isPast, type Mark, orderedPage } from "../../src/s3/internal/page.ts"
import { pretended } from "../../src/s3/internal/pretend.ts"
import { addVersion, type Bucket, deleteMarker, makeBucket, makeStore } from "../../src/s3/internal/store.ts"
import { encodeListed } from "../../src/s3/internal/xml.ts"
import { listedKey } from "./target.ts"

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

// Keys are UTF-8: halves of surrogate pairs are none.
const Text = Schema.String.check(Schema.makeFilter((text) => text.isWellFormed()))

it.effect.prop("compares keys as their UTF-8 bytes compare", { a: Text, b: Text, c: Text }, ({ a, b, c }) =>
  Effect.sync(() => {
    for (const [x, y] of [
      [a, b],
      [c + a, c + b],
      [`\u{1f600}${a}`, `\uffee${b}`]
    ] as const) {
      assert.strictEqual(Math.sign(compareKeys(x, y)), Math.sign(byBytes(x, y)))
    }
  })
)

it.effect.prop("encodes names so that they can be read again", { text: Text }, ({ text }) =>
  Effect.sync(() => {
    assert.match(encodeListed(text), /^[\x21-\x7e]*$/)
    assert.strictEqual(listedKey(encodeListed(text)), text)
  })
)

// Few letters, so that prefixes and delimiters meet often.
const Key = Schema.Array(Schema.Literals(["a", "b", "/", "ü", "\u{1f600}"])).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(6)
)

const bucketOf = (stored: ReadonlyArray<string>, deleted: ReadonlyArray<string>, computed: ReadonlyArray<string>) => {
  const store = makeStore()
  const bucket = makeBucket("b", "r", 0, { requesterPays: false, public: false, versioning: true })
  const empty = memoryBody(new Uint8Array(0))
  bucket.pretended = pretended({ count: computed.length, key: (index) => computed[index] ?? "", size: 1 })
  for (const key of stored) addVersion(store, bucket, { ...deleteMarker(key, 0, empty), deleteMarker: false })
  for (const key of deleted) addVersion(store, bucket, deleteMarker(key, 0, empty))
  return bucket
}

const allPages = (bucket: Bucket, prefix: string, delimiter: string, max: number): ReadonlyArray<Mark> => {
  const found: Array<Mark> = []
  let after: Mark | undefined
  for (;;) {
    const page = orderedPage(bucket, prefix, delimiter, after, max)
    const marks: ReadonlyArray<Mark> = [
      ...page.contents.map((version) => ({ kind: "key" as const, text: version.key })),
      ...page.prefixes.map((text) => ({ kind: "prefix" as const, text }))
    ].toSorted((a, b) => byBytes(a.text, b.text))
    assert.isAtMost(marks.length, max)
    assert.isTrue(after === undefined || marks.every((mark) => isPast(after ?? mark)(mark.text)))
    found.push(...marks)
    if (!page.truncated) return found
    assert.deepStrictEqual(page.last, marks.at(-1))
    after = page.last
  }
}

it.effect.prop(
  "says each key or its common prefix once, whatever a page holds and wherever the keys come from",
  {
    keys: Schema.Array(Key),
    gone: Schema.Array(Key),
    computed: Schema.Array(Key),
    prefix: Schema.Literals(["", "a", "a/", "/"]),
    delimiter: Schema.Literals(["", "/", "b"]),
    max: Schema.Literals([1, 2, 3, 1000])
  },
  ({ computed, delimiter, gone, keys, max, prefix }) =>
    Effect.sync(() => {
      const stored = keys.map((key) => key.join(""))
      const deleted = gone.map((key) => key.join(""))
      const pretending = [...new Set(computed.map((key) => key.join("")))].toSorted(byBytes)
      const expected = [...new Set([...stored, ...pretending])]
        .filter((key) => !deleted.includes(key) && key.startsWith(prefix))
        .map((key) => {
          const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length)
          return at < 0 ? `key ${key}` : `prefix ${key.slice(0, at + delimiter.length)}`
        })
      const said = allPages(bucketOf(stored, deleted, pretending), prefix, delimiter, max)
      assert.deepStrictEqual(
        said.map((mark) => `${mark.kind} ${mark.text}`).toSorted(),
        [...new Set(expected)].toSorted()
      )
    })
)
