import { assert, describe, it } from "@effect/vitest"
import { Mixpeek } from "@sluice/sink-mixpeek"
import { Array as Arr, Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import * as Upload from "../src/delivery/Upload.ts"
import * as Fixtures from "./Fixtures.ts"
import { begin, contentOf, makeDesk, told } from "./UploadFixtures.ts"

/** A key of its own for each client: what is known of an API outlives it. */
let keys = 0

const names = (count: number) => Arr.makeBy(count, (n) => `file ${n}.txt`)

/** A client whose creates are answered by a function of what was asked for. */
const answering = (answer: (uploads: ReadonlyArray<Asked>) => ReadonlyArray<object>) =>
  Mixpeek.layer({ apiKey: Redacted.make(`sk_scripted_${++keys}`), namespace: "ns_1" }).pipe(
    Layer.provide(
      Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make((request) =>
          Effect.sync(() => {
            const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "{}"
            // What the desk asks for: the test is about the answer.
            const { uploads } = JSON.parse(body) as { readonly uploads: ReadonlyArray<Asked> }
            return HttpClientResponse.fromWeb(request, Response.json({ uploads: answer(uploads) }))
          })
        )
      )
    )
  )

interface Asked {
  readonly filename: string
  readonly metadata: Readonly<Record<string, string>>
}

/** What each of three files is answered: of duplicates nothing is put. */
const answersOf = (answer: (uploads: ReadonlyArray<Asked>) => ReadonlyArray<object>, desk = makeDesk()) =>
  Effect.forEach(["a", "b", "c"], (name) => Effect.result(Upload.upload(desk, contentOf(name, name))), {
    concurrency: "unbounded"
  }).pipe(Effect.provide(answering(answer)), Fixtures.elapsing)

const duplicate = ({ filename, metadata }: Asked) => ({ upload_id: `upl_${filename}`, is_duplicate: true, metadata })

describe("UploadDesk", () => {
  it.effect("asks for the uploads of files that are prepared side by side in requests of a hundred", () =>
    Effect.gen(function* () {
      const { requests, server, upload, uploads } = yield* begin()
      const staged = yield* Effect.forEach(names(130), (name) => upload(contentOf(name, name)), {
        concurrency: "unbounded"
      })
      assert.isTrue(staged.every((one) => told(one) === "Staged"))
      assert.deepStrictEqual((yield* uploads).map(({ filename }) => filename).toSorted(), names(130).toSorted())
      assert.strictEqual((yield* requests("createUploadsBatch")).length, 2)
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.effect("lets one bad file cost no other", () =>
    Effect.gen(function* () {
      const { upload } = yield* begin({ server: { uploads: { maxFileBytes: 10, tooLarge: 400 } } })
      const texts = ["a", "b", "c".repeat(11), "d"]
      const staged = yield* Effect.forEach(texts, (text) => upload(contentOf(text, text)), { concurrency: "unbounded" })
      assert.deepStrictEqual(staged.map(told), ["Staged", "Staged", "bad-request", "Staged"])
    })
  )

  it.effect("never lets what sinks of two buckets ask for travel together", () =>
    Effect.gen(function* () {
      const other = "bkt_other"
      const buckets = [Fixtures.bucket, other].map((id) => ({ id, schema: Fixtures.schema }))
      const { run, server } = yield* begin({ server: { buckets } })
      yield* run(
        Effect.forEach(
          [makeDesk(), makeDesk({ bucket: other })],
          (desk) => Upload.upload(desk, contentOf(desk.bucket, "x")),
          { concurrency: "unbounded" }
        )
      )
      for (const { id } of buckets) {
        assert.deepStrictEqual(
          (yield* server.uploads(id)).map(({ filename }) => filename),
          [id]
        )
      }
    })
  )

  it.effect("never lets what two clients ask for travel together", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* Fixtures.standIn(), yield* Fixtures.standIn()]
      const desk = makeDesk()
      yield* Effect.forEach(
        [one, two],
        (server) => Upload.upload(desk, contentOf(server.url, "x")).pipe(Effect.provide(Fixtures.client(server))),
        { concurrency: "unbounded" }
      ).pipe(Fixtures.elapsing)
      for (const server of [one, two]) assert.strictEqual((yield* server.uploads(Fixtures.bucket)).length, 1)
    })
  )

  describe("finds the answer for each file", () => {
    const orders = {
      "in the order of the request": (all: ReadonlyArray<Asked>) => all.map(duplicate),
      "in another order": (all: ReadonlyArray<Asked>) => all.map(duplicate).toReversed(),
      "by its place, where answers do not say what they are of": (all: ReadonlyArray<Asked>) =>
        all.map(({ filename }) => ({ upload_id: `upl_${filename}`, is_duplicate: true }))
    }
    it.effect.each(Object.entries(orders))("%s", ([, order]) =>
      Effect.gen(function* () {
        const results = yield* answersOf(order)
        assert.deepStrictEqual(
          results.map((result) =>
            result._tag === "Success" && "uploadId" in result.success ? result.success.uploadId : "?"
          ),
          ["upl_a", "upl_b", "upl_c"]
        )
      })
    )
  })

  it.effect("cannot go on where an answer leaves a file out", () =>
    Effect.gen(function* () {
      const results = yield* answersOf((all) => all.slice(1).map(duplicate))
      assert.deepStrictEqual(
        results.map((result) => (result._tag === "Success" ? told(result.success) : result.failure.reason._tag)),
        ["Unavailable", "Staged", "Staged"]
      )
    })
  )

  const instead: ReadonlyArray<readonly [what: string, answer: object, expected: object]> = [
    [
      "a duplicate, by the id of the first",
      { is_duplicate: true, duplicate_of_upload_id: "upl_first" },
      { uploadId: "upl_first", isConfirmed: true }
    ],
    [
      "a duplicate, by its own id",
      { is_duplicate: true, duplicate_of_upload_id: null },
      { uploadId: "upl_own", isConfirmed: true }
    ],
    [
      "an object that is there",
      { skipped_unique_key: true, existing_object_id: "obj_1" },
      { _tag: "SkippedDuplicate", objectId: "obj_1" }
    ],
    ["an object that is there, without its id", { skipped_unique_key: true }, { _tag: "SkippedDuplicate" }],
    ["nothing where there is no address", { message: "no room" }, { _tag: "Rejected" }]
  ]
  it.effect.each(instead)("has instead of an address: %s", ([, answer, expected]) =>
    Effect.gen(function* () {
      const result = yield* Upload.upload(makeDesk(), contentOf("a", "hello")).pipe(
        Effect.provide(answering(() => [{ upload_id: "upl_own", presigned_url: null, ...answer }])),
        Fixtures.elapsing
      )
      assert.deepInclude(result, expected)
      if (told(result) === "no-address") assert.include(JSON.stringify(result), "no room")
    })
  )

  it.effect("holds no more bytes on their way than it may", () =>
    Effect.gen(function* () {
      const mib = 1024 ** 2
      const { desk } = yield* begin({ desk: { bytesInFlight: 4 * mib } })
      let inFlight = 0
      let most = 0
      yield* Effect.forEach(
        [mib, mib, 3 * mib, 2 * mib, 0, 1, 5 * mib, 1024 * mib, mib],
        (bytes) => {
          const counted = Math.max(1, Math.min(bytes, 4 * mib))
          return desk.holding(bytes)(
            Effect.gen(function* () {
              inFlight += counted
              most = Math.max(most, inFlight)
              yield* Effect.yieldNow
              inFlight -= counted
            })
          )
        },
        { concurrency: "unbounded" }
      )
      assert.isAtMost(most, 4 * mib)
      assert.strictEqual(inFlight, 0)
    })
  )
})
