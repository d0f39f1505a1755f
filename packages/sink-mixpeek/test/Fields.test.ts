import { assert, describe, it } from "@effect/vitest"
import { Mapping } from "@sluice/core"
import { Fields } from "@sluice/sink-mixpeek"
import { Effect, Exit, Option, Schema } from "effect"
import * as Fixtures from "./Fixtures.ts"

const photo = Fixtures.file("clients/ACME/2026-11/IMG_0042 final.JPG", {
  mimeType: "image/jpeg",
  size: 12,
  attributes: {
    tags: {
      Owner: " Ada ",
      priority: "7",
      price: "12.50",
      extra: '{"a":[1,null]}',
      taken: "2026-11-24T23:30:00-05:00"
    },
    metadata: { "Camera-Model": "X100" },
    drive: { starred: true }
  }
})

const read = <A extends Schema.Json>(field: Fields.Field<A>, file = photo) =>
  Effect.map(field.read(file), Option.getOrUndefined)

const rejects = (field: Fields.Field, file = photo) => Effect.flip(field.read(file))

describe("Fields", () => {
  it.effect.each([
    ["a constant", Fields.constant("x"), "x"],
    ["the parent folder", Fields.folder(), "2026-11"],
    ["the first folder", Fields.folder(0), "clients"],
    ["the second folder from the end", Fields.folder(-2), "ACME"],
    ["a folder that is not there", Fields.folder(3), undefined],
    ["all folders", Fields.folderPath, "clients/ACME/2026-11"],
    ["the path", Fields.path, "clients/ACME/2026-11/IMG_0042 final.JPG"],
    ["the file's name", Fields.fileName, "IMG_0042 final.JPG"],
    ["the media type", Fields.mimeType, "image/jpeg"],
    ["the size", Fields.size, 12],
    ["the time of modification", Fields.modifiedAt, "2026-11-24T00:00:00.000Z"],
    ["a capture of the name", Fields.fileNameMatch(/_(\d+)/), "0042"],
    ["a capture that does not match", Fields.fileNameMatch(/^(\d+)/), undefined],
    ["a tag", Fields.tag("Owner"), " Ada "],
    ["a tag in another case, which is another tag", Fields.tag("owner"), undefined],
    ["metadata in another case", Fields.metadata("camera-model"), "X100"],
    ["an attribute", Fields.attribute("drive", "starred"), true],
    ["an attribute of a kind that was not loaded", Fields.attribute("none", "x"), undefined],
    ["lower case", Fields.tag("Owner").pipe(Fields.trim, Fields.lowercase), "ada"],
    ["upper case", Fields.tag("Owner").pipe(Fields.trim, Fields.uppercase), "ADA"],
    ["JSON", Fields.tag("extra").pipe(Fields.jsonParse), { a: [1, null] }],
    ["a whole number", Fields.tag("priority").pipe(Fields.integer), 7],
    ["a number", Fields.tag("price").pipe(Fields.number), 12.5],
    ["a day, in UTC", Fields.tag("taken").pipe(Fields.date), "2026-11-25"],
    ["an instant, in UTC", Fields.tag("taken").pipe(Fields.datetime), "2026-11-25T04:30:00.000Z"],
    ["a default", Fields.tag("none").pipe(Fields.orElse("nobody")), "nobody"],
    ["a default that is not needed", Fields.tag("priority").pipe(Fields.orElse("0")), "7"],
    ["a function of your own", Fields.make((file) => file.path.length), 39],
    ["an effect of your own", Fields.make((file) => Effect.succeed(file.token)), "v1"],
    ["a value made from a value", Fields.size.pipe(Fields.map((size) => size * 2, "integer")), 24]
  ] as ReadonlyArray<[string, Fields.Field, Schema.Json | undefined]>)("reads %s", ([, field, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read(field), expected)
    })
  )

  it.effect.each([
    ["JSON", Fields.tag("Owner").pipe(Fields.jsonParse)],
    ["a whole number", Fields.tag("price").pipe(Fields.integer)],
    ["a number", Fields.tag("Owner").pipe(Fields.number)],
    ["a date", Fields.tag("Owner").pipe(Fields.date)],
    [
      "a time",
      Fields.tag("priority").pipe(
        Fields.lowercase,
        Fields.map(() => "soon"),
        Fields.datetime
      )
    ]
  ] as ReadonlyArray<[string, Fields.Field]>)(
    "rejects a file whose value is not %s, without telling the value",
    ([what, field]) =>
      Effect.gen(function* () {
        const error = yield* rejects(field)
        assert.instanceOf(error, Mapping.MappingError)
        assert.strictEqual(error.disposition, "reject")
        assert.include(error.message, what)
        assert.notInclude(error.message, "Ada")
      })
  )

  it("knows the attributes it reads and the type it makes, through every combinator", () => {
    const field = Fields.tag("Year").pipe(Fields.trim, Fields.integer, Fields.orElse(0), Fields.required)
    assert.deepStrictEqual([...field.attributes], ["tags"])
    assert.strictEqual(field.type, "integer")
    assert.isTrue(field.isRequired)
    assert.strictEqual(Fields.metadata("a").pipe(Fields.date).type, "date")
    assert.strictEqual(Fields.constant(1.5).type, "float")
    assert.strictEqual(Fields.constant([1]).type, "array")
    assert.strictEqual(Fields.constant({ a: 1 }).type, "object")
  })

  it("is a value already where nothing has to be waited for", () => {
    const field = Fields.tag("Owner").pipe(Fields.trim, Fields.lowercase, Fields.orElse("nobody"), Fields.required)
    assert.isTrue(Exit.isExit(field.read(photo)))
  })

  it.each([
    [/\d+/, "0 capture groups"],
    [/(\d+)-(\d+)/, "2 capture groups"]
  ])("finds fault with %s, which has not one capture group", (pattern, problem) => {
    assert.include(Fields.fileNameMatch(pattern).problem?.message, problem)
    assert.isUndefined(Fields.fileNameMatch(/(?:a|b)(\d+)(?:c)?/).problem)
  })

  it.effect("finds the same with a global pattern each time", () =>
    Effect.gen(function* () {
      const field = Fields.fileNameMatch(/_(\d+)/g)
      assert.strictEqual(yield* read(field), "0042")
      assert.strictEqual(yield* read(field), "0042")
    })
  )

  it.effect.prop("leaves any text alone but for its case", { text: Schema.String }, ({ text }) =>
    Effect.gen(function* () {
      const file = Fixtures.file("a", { attributes: { tags: { t: text } } })
      assert.strictEqual(yield* read(Fields.tag("t").pipe(Fields.lowercase), file), text.toLowerCase())
    })
  )
})
