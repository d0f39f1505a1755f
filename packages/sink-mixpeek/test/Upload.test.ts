import { assert, describe, it } from "@effect/vitest"
import { Source } from "@sluice/core"
import { Mixpeek, UploadDesk } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Exit, Layer, Option, Redacted, Schema, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { hash } from "node:crypto"
import * as Measured from "../src/delivery/Measured.ts"
import * as Upload from "../src/delivery/Upload.ts"
import { maxNameLength } from "../src/client/UploadWire.ts"
import * as Fixtures from "./Fixtures.ts"
import { begin, bytesOf, contentOf, makeDesk, sourceError, told, unsized } from "./UploadFixtures.ts"

const sha256 = (text: string) => hash("sha256", text, "hex")

const strike = (kind: MixpeekStandIn.Fault["kind"], times?: number): MixpeekStandIn.Fault => ({
  kind,
  operations: ["putUpload"],
  ...(times === undefined ? {} : { times })
})

const reasonOf = (exit: Exit.Exit<unknown, { readonly reason: { readonly _tag: string } }>) =>
  Option.getOrUndefined(Exit.findErrorOption(exit))?.reason._tag

describe("Upload", () => {
  it.effect("puts the file's bytes as they are, and says what the storage says of them", () =>
    Effect.gen(function* () {
      const { events, requests, server, upload, uploads } = yield* begin()
      const staged = yield* upload(contentOf("a/b.pdf", "hello", { mimeType: "application/pdf" }))
      const [there] = yield* uploads
      assert.deepInclude(staged, {
        uploadId: there?.uploadId ?? "none",
        etag: `"${hash("md5", "hello", "hex")}"`,
        bytes: 5,
        sha256: sha256("hello"),
        isConfirmed: false
      })
      assert.deepInclude(there, { filename: "b.pdf", fileSizeBytes: 5, status: "PENDING", createsObject: false })
      assert.deepInclude(there?.file, { size: 5, sha256: sha256("hello"), contentType: "application/pdf", puts: 1 })
      assert.strictEqual((yield* requests("putUpload"))[0]?.bytes, 5)
      assert.deepStrictEqual([events, yield* server.violations], [["Created", "Completed 5"], []])
    })
  )

  it.effect.each([-1, 0, 1, 1_000_000])("puts content that is %i bytes larger than what is read whole", (more) =>
    Effect.gen(function* () {
      const { server, upload, uploads } = yield* begin()
      const text = "0123456789abcdef".repeat(100_000).slice(0, Measured.smallBytes + more)
      const pieces = [text.slice(0, 10), "", text.slice(10, 70_000), text.slice(70_000), ""]
      const bytes = Stream.flatMap(Stream.fromIterable(pieces), bytesOf)
      assert.deepInclude(yield* upload(contentOf("a.txt", text, { bytes })), {
        bytes: text.length,
        sha256: sha256(text)
      })
      assert.deepInclude((yield* uploads)[0]?.file, { size: text.length, sha256: sha256(text), puts: 1 })
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  describe("of which the source says what may be the MD5", () => {
    const text = "0123456789abcdef".repeat(20_000)
    const right = hash("md5", text, "hex")
    const wrong = hash("md5", "something else", "hex")
    const other = `${text.slice(1)}?`
    const contents = (md5: string, unverified: string) =>
      ["a", "b"].map((path) => ({ ...contentOf(path, text), comparable: { md5, bytes: bytesOf(unverified) } }))

    it.effect.each([
      ["is put once where that is so", right, text, [], [1, 1]],
      ["is put once more, verified, where it is not, and so are all others", wrong, text, [], [2, 1]],
      ["is put once more where other bytes came", right, other, [], [2, 1]],
      ["is put once more where the storage keeps another byte", right, text, [strike("corrupt", 1)], [2, 1]]
    ] as const)("%s", ([, md5, unverified, faults, puts]) =>
      Effect.gen(function* () {
        const { server, upload, uploads } = yield* begin({ server: { faults } })
        for (const content of contents(md5, unverified)) {
          assert.deepInclude(yield* upload(content), { etag: `"${right}"`, sha256: sha256(text) })
        }
        assert.deepStrictEqual(
          (yield* uploads).map(({ file }) => [file?.puts, file?.sha256]),
          puts.map((count) => [count, sha256(text)])
        )
        assert.deepStrictEqual(yield* server.violations, [])
      })
    )

    it.effect("is put once more, verified, where the storage gives no MD5, and so are all others", () =>
      Effect.gen(function* () {
        const { upload, uploads } = yield* begin({ server: { uploads: { encrypted: true } } })
        for (const content of contents(right, text)) assert.strictEqual(told(yield* upload(content)), "Staged")
        assert.deepStrictEqual(
          (yield* uploads).map(({ file }) => [file?.puts, file?.sha256]),
          [
            [2, sha256(text)],
            [1, sha256(text)]
          ]
        )
      })
    )

    it.effect("is verified where it is small: that costs nothing", () =>
      Effect.gen(function* () {
        const { events, upload, uploads } = yield* begin()
        const comparable = { md5: wrong, bytes: Stream.die("read") }
        assert.strictEqual(told(yield* upload({ ...contentOf("a", "hello"), comparable })), "Staged")
        assert.deepStrictEqual([events, (yield* uploads)[0]?.file?.puts], [["Created", "Completed 5"], 1])
      })
    )
  })

  it.effect("says whose an upload is, so that it is found again", () =>
    Effect.gen(function* () {
      const { upload, uploads } = yield* begin()
      const content = contentOf("a.txt", "hello", { token: "v7" })
      yield* upload(content)
      assert.deepStrictEqual((yield* uploads)[0]?.metadata, {
        sluice_pipeline: "files",
        sluice_run: "run_1",
        source_key: content.key,
        source_token: "v7",
        property: "content"
      })
    })
  )

  it.effect("puts an empty file, whose size cannot be declared", () =>
    Effect.gen(function* () {
      const { events, upload, uploads } = yield* begin()
      assert.deepInclude(yield* upload(contentOf("empty", "")), { bytes: 0, sha256: sha256("") })
      const [there] = yield* uploads
      assert.deepStrictEqual([there?.fileSizeBytes, there?.file?.size], [null, 0])
      assert.deepStrictEqual(events, ["Created", "Completed 0"])
    })
  )

  it.effect("measures content of unknown length before it says how long it is", () =>
    Effect.gen(function* () {
      const { upload, uploads } = yield* begin()
      const long = "0123456789".repeat(10_000)
      const content = unsized(
        contentOf("a.txt", long, { bytes: Stream.flatMap(Stream.range(1, 10_000), () => bytesOf("0123456789")) })
      )
      assert.deepInclude(yield* upload(content), { bytes: 100_000, sha256: sha256(long) })
      assert.deepInclude((yield* uploads)[0], { fileSizeBytes: 100_000 })
    })
  )

  describe("names", () => {
    const cases: ReadonlyArray<readonly [path: string, expected: string]> = [
      ["a/b/c.pdf", "c.pdf"],
      ["c", "c"],
      ["a/", "file"],
      ["", "file"],
      ["a/..", "_"],
      ["a/.", "_"],
      ["..\\..\\c.pdf", "____c.pdf"],
      ["a..b", "a_b"],
      ["a\u0000b\nc\u007f.txt", "a_b_c_.txt"],
      ["été – 夏 🌞.jpg", "été – 夏 🌞.jpg"],
      [`${"x".repeat(maxNameLength)}`, "x".repeat(maxNameLength)],
      [`${"x".repeat(400)}.tar`, `${"x".repeat(maxNameLength - 4)}.tar`],
      [`${"x".repeat(300)}.${"y".repeat(20)}`, "x".repeat(maxNameLength)]
    ]

    it.effect.each(cases)("%# are such as the API takes", ([path, expected]) =>
      Effect.gen(function* () {
        assert.strictEqual(Upload.fileName(path), expected)
        const { server, upload, uploads } = yield* begin()
        assert.strictEqual(told(yield* upload(contentOf(path, "x", { id: "a", uri: "s3://files/a" }))), "Staged")
        assert.strictEqual((yield* uploads)[0]?.filename, expected)
        assert.deepStrictEqual(yield* server.violations, [])
      })
    )

    it.effect("of characters that take two places are not cut in the middle of one", () =>
      Effect.sync(() => {
        const name = Upload.fileName(`${"🌞".repeat(200)}.jpg`)
        assert.isAtMost(name.length, maxNameLength)
        assert.isTrue(name.isWellFormed())
        assert.isTrue(name.endsWith("🌞.jpg"))
      })
    )

    it.effect.prop("are such as the API takes, whatever the path", { path: Schema.String }, ({ path }) =>
      Effect.sync(() => {
        const name = Upload.fileName(path)
        assert.isTrue(name.length >= 1 && name.length <= maxNameLength)
        assert.notMatch(name, /[/\\\p{Cc}]|\.\.|^\.$/u)
      })
    )
  })

  describe("is given up where the storage", () => {
    const cases: ReadonlyArray<readonly [MixpeekStandIn.Fault["kind"], string]> = [
      ["unauthorized", "upload-refused"],
      ["expired", "upload-expired"],
      ["corrupt", "upload-corrupt"]
    ]
    it.effect.each(cases)("always says %s: %s", ([kind, expected]) =>
      Effect.gen(function* () {
        const { events, server, upload, uploads } = yield* begin({ server: { faults: [strike(kind)] } })
        const outcome = yield* upload(contentOf("a.txt", "hello"))
        assert.strictEqual(told(outcome), expected)
        assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
        assert.isTrue((yield* uploads).every(({ status }) => status === "CANCELED"))
        assert.notInclude(events.join(), "Completed")
      })
    )

    it.effect("takes no file of that size: this one alone is rejected", () =>
      Effect.gen(function* () {
        const { server, upload } = yield* begin({ server: { uploads: { maxPutBytes: 4 } } })
        const outcome = yield* upload(contentOf("a.txt", "hello"))
        assert.strictEqual(told(outcome), "upload-refused")
        assert.include(JSON.stringify(outcome), "EntityTooLarge")
        assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
      })
    )
  })

  const passing = [
    "reset",
    "reset-in-body",
    "truncated",
    "bad-gateway",
    "gateway-timeout",
    "unavailable",
    "server-error",
    "throttle"
  ] as const

  it.effect.each(passing)("gets over %s of the storage", (kind) =>
    Effect.gen(function* () {
      const { events, heard, upload, uploads } = yield* begin({ server: { faults: [strike(kind, 2)] } })
      assert.strictEqual(told(yield* upload(contentOf("a.txt", "hello".repeat(1000)))), "Staged")
      const [there, ...others] = yield* uploads
      assert.deepStrictEqual([there?.file?.sha256, others], [sha256("hello".repeat(1000)), []])
      assert.deepStrictEqual([events, heard.retries], [["Created", "Completed 5000"], 2])
    })
  )

  it.effect("gets over a byte that the storage keeps as another: the ETag tells", () =>
    Effect.gen(function* () {
      const { events, upload, uploads } = yield* begin({ server: { faults: [strike("corrupt", 3)] } })
      assert.strictEqual(told(yield* upload(contentOf("a.txt", "hello"))), "Staged")
      assert.strictEqual((yield* uploads)[0]?.file?.sha256, sha256("hello"))
      assert.deepStrictEqual(events, ["Created", "Mismatched", "Mismatched", "Mismatched", "Completed 5"])
    })
  )

  it.effect("asks for another address when one has expired, and takes the upload back that it belonged to", () =>
    Effect.gen(function* () {
      const { events, server, upload, uploads } = yield* begin({ server: { faults: [strike("expired", 2)] } })
      assert.strictEqual(told(yield* upload(contentOf("a.txt", "hello"))), "Staged")
      assert.deepStrictEqual(
        (yield* uploads).map(({ status }) => status),
        ["CANCELED", "CANCELED", "PENDING"]
      )
      assert.deepStrictEqual(events, ["Created", "Created", "Created", "Completed 5"])
      assert.strictEqual((yield* server.orphans(Fixtures.bucket)).length, 1)
    })
  )

  it.effect("ends the run where the storage takes nothing at all, and leaves nothing there", () =>
    Effect.gen(function* () {
      const { server, upload } = yield* begin({ server: { faults: [strike("unavailable")] } })
      const exit = yield* Effect.exit(upload(contentOf("a.txt", "hello")))
      assert.strictEqual(reasonOf(exit), "Unavailable")
      assert.include(String(exit), "run again: nothing is lost")
      assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
    })
  )

  it.effect("rejects a file that the storage does not take while it takes others", () =>
    Effect.gen(function* () {
      const { desk, server, upload } = yield* begin({ server: { faults: [strike("unavailable")] } })
      desk.lastPut = Number.POSITIVE_INFINITY
      assert.strictEqual(told(yield* upload(contentOf("a.txt", "hello"))), "upload-failed")
      assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
    })
  )

  describe("of content that", () => {
    const half = bytesOf("hel")
    const failing: ReadonlyArray<readonly [what: string, bytes: Upload.Content["bytes"], reason: string]> = [
      ["breaks", Stream.concat(half, Stream.fail(sourceError(new Source.Unavailable()))), "Unavailable"],
      ["is too short", half, "Corrupt"],
      ["is empty", Stream.empty, "Corrupt"],
      ["is too long", bytesOf("hello!"), "Corrupt"],
      ["is too long by a piece", Stream.concat(bytesOf("hello"), bytesOf("!")), "Corrupt"],
      ["is found changed", Stream.fail(sourceError(new Source.Changed())), "Changed"],
      ["is gone", Stream.fail(sourceError(new Source.Gone())), "Gone"],
      [
        "is found corrupt at its end",
        Stream.concat(bytesOf("hello"), Stream.fail(sourceError(new Source.Corrupt()))),
        "Corrupt"
      ]
    ]

    it.effect.each(failing)("%s, nothing is created: small content is read before", ([, bytes, reason]) =>
      Effect.gen(function* () {
        const { events, upload, uploads } = yield* begin()
        assert.strictEqual(reasonOf(yield* Effect.exit(upload(contentOf("a.txt", "hello", { bytes })))), reason)
        assert.deepStrictEqual([events, yield* uploads], [reason === "Corrupt" ? ["Mismatched"] : [], []])
      })
    )

    const filler = "x".repeat(Measured.smallBytes)
    const large = (bytes: Upload.Content["bytes"]) =>
      contentOf("a.txt", `${filler}hello`, { bytes: Stream.concat(bytesOf(filler), bytes) })

    it.effect.each(failing)("%s, the upload is taken back where it is large", ([, bytes, reason]) =>
      Effect.gen(function* () {
        const { events, server, upload, uploads } = yield* begin()
        assert.strictEqual(reasonOf(yield* Effect.exit(upload(large(bytes)))), reason)
        assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
        assert.deepStrictEqual(
          (yield* uploads).map(({ file, status }) => [file, status]),
          [[undefined, "CANCELED"]]
        )
        assert.deepStrictEqual(events, reason === "Corrupt" ? ["Created", "Mismatched"] : ["Created"])
      })
    )

    it.effect("is found corrupt only after a while, nothing is complete before", () =>
      Effect.gen(function* () {
        const { server, upload } = yield* begin()
        const late = Stream.fromEffect(
          Effect.andThen(Effect.sleep("10 seconds"), Effect.fail(sourceError(new Source.Corrupt())))
        )
        const content = large(Stream.concat(bytesOf("hello"), late))
        assert.strictEqual(reasonOf(yield* Effect.exit(upload(content))), "Corrupt")
        assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
      })
    )

    it.effect("is of unknown length and breaks, nothing is created", () =>
      Effect.gen(function* () {
        const { events, upload } = yield* begin()
        const bytes = Stream.concat(half, Stream.fail(sourceError(new Source.Unavailable())))
        const exit = yield* Effect.exit(upload(unsized(contentOf("a.txt", "hello", { bytes }))))
        assert.deepStrictEqual([reasonOf(exit), events], ["Unavailable", []])
      })
    )

    it.effect("cannot wait anywhere, the run ends and says what to do", () =>
      Effect.gen(function* () {
        const { upload } = yield* begin({ desk: { folder: "/nowhere/at/all" } })
        const exit = yield* Effect.exit(upload(unsized(contentOf("a.txt", "hello"))))
        assert.strictEqual(reasonOf(exit), "Unusable")
        assert.include(String(exit), "delivery.uploads.folder")
      })
    )
  })

  describe("is rejected before a byte moves where the file has more than", () => {
    const unread = { bytes: Stream.die("read") }
    const cases = [
      ["the free plan allows", "free", undefined, 100_000_001],
      ["the pro plan allows", "pro", undefined, 5_000_000_001],
      ["a PUT may have", "enterprise", undefined, 5 * 1024 ** 3 + 1],
      ["is wanted", "enterprise", 10, 11]
    ] as const

    it.effect.each(cases)("%s (%s)", ([, plan, maxFileBytes, size]) =>
      Effect.gen(function* () {
        const http = HttpClient.make((request) =>
          Effect.succeed(HttpClientResponse.fromWeb(request, Response.json({ account_type: plan })))
        )
        const client = Mixpeek.layer({ apiKey: Redacted.make(`sk_${plan}`), namespace: "ns_1" }).pipe(
          Layer.provide(Layer.succeed(HttpClient.HttpClient, http))
        )
        const outcome = yield* Effect.gen(function* () {
          yield* Mixpeek.use(({ getOrganization }) => getOrganization)
          return yield* Upload.upload(makeDesk({ maxFileBytes }), contentOf("a", "", { size, ...unread }))
        }).pipe(Effect.provide(client))
        assert.strictEqual(told(outcome), "too-large")
        assert.include(JSON.stringify(outcome), "raise the plan")
      })
    )

    it.effect("is allowed, of a length that nobody knows: it is read no further", () =>
      Effect.gen(function* () {
        const { desk, upload, uploads } = yield* begin({ desk: { maxFileBytes: 10 } })
        assert.strictEqual(desk.maxFileBytes, 10)
        const bytes = Stream.concat(bytesOf("0123456789a"), Stream.die("read"))
        assert.strictEqual(told(yield* upload(unsized(contentOf("a", "", { bytes })))), "too-large")
        assert.deepStrictEqual(yield* uploads, [])
      })
    )
  })

  it.effect("stops the run where Mixpeek says that the allowance is used up", () =>
    Effect.gen(function* () {
      const { upload } = yield* begin({ server: { uploads: { maxFileBytes: 4 } } })
      assert.strictEqual(reasonOf(yield* Effect.exit(upload(contentOf("a", "hello")))), "QuotaExceeded")
    })
  )

  it.effect("rejects one file where Mixpeek refuses it, whatever is said", () =>
    Effect.gen(function* () {
      const { upload } = yield* begin({ server: { uploads: { maxFileBytes: 4, tooLarge: 400 } } })
      assert.strictEqual(told(yield* upload(contentOf("a", "hello"))), "bad-request")
    })
  )

  it.effect("uses what an earlier run put there, once, and reads nothing for it", () =>
    Effect.gen(function* () {
      const { desk, events, upload, uploads } = yield* begin()
      const content = contentOf("a", "", { size: 5, bytes: Stream.die("read") })
      const staged = { uploadId: "upl_1", etag: undefined, bytes: 5, sha256: undefined, isConfirmed: true }
      const metadata = { source_key: content.key, source_token: "v1", property: "content" }
      const { pipeline } = content.run
      desk.recalled.set(UploadDesk.keyOf({ sluice_pipeline: pipeline, ...metadata }), { pipeline, staged })
      assert.strictEqual(yield* upload(content), staged)
      assert.deepStrictEqual([desk.recalled.size, events, yield* uploads], [0, [], []])
    })
  )
})
