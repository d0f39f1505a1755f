import { assert, describe, it } from "@effect/vitest"
import type { SourceFile } from "@sluice/core"
import { Fault, type S3StandIn } from "@sluice/testkit/s3"
import { Effect, Fiber, Redacted, Stream } from "effect"
import { S3Source } from "../src/index.ts"
import { bytes, files, standIn } from "./bench.ts"

const source = S3Source.make({ bucket: "acme" })
const body = Buffer.alloc(700_001, "sluice ")

/** One object in the stand-in, listed; `read` reads it. */
const one = (put: S3StandIn.PutOptions = {}, content: Uint8Array = body) =>
  Effect.gen(function* () {
    const { s3, live } = yield* standIn()
    yield* s3.put("acme", "k.bin", content, put)
    const [file] = yield* files({ bucket: "acme" }, live)
    assert.isDefined(file)
    // Asserted just above.
    const listed = file as SourceFile.SourceFile
    yield* s3.forgetRequests
    return { s3, live, file: listed, read: bytes(source, listed).pipe(Effect.provide(live)) }
  })

const requests = (s3: S3StandIn.S3StandIn) => Effect.map(s3.requestsByOperation, (counts) => counts.GetObject ?? 0)

describe("Read", () => {
  it.live.each(["MD5", "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)(
    "reads all bytes, and verifies the stored %s",
    (checksum) =>
      Effect.gen(function* () {
        const { read, s3 } = yield* one({ checksum: checksum === "MD5" ? "none" : checksum })
        assert.isTrue((yield* read).equals(body))
        yield* s3.faults.set([Fault.corrupt({})])
        const error = yield* Effect.flip(read)
        assert.strictEqual(error.reason._tag, "Corrupt")
        assert.include(error.message, checksum.toLowerCase())
      })
  )

  it.live("claims nothing of bytes for which no checksum is known", () =>
    Effect.gen(function* () {
      const { read, s3 } = yield* one({ checksum: "none", encryption: "aws:kms" })
      yield* s3.faults.set([Fault.corrupt({})])
      assert.strictEqual((yield* read).length, body.length)
    })
  )

  it.live("reads an empty file", () =>
    Effect.gen(function* () {
      const { read } = yield* one({}, new Uint8Array())
      assert.strictEqual((yield* read).length, 0)
    })
  )

  it.live.each([
    ["reset", Fault.resetInBody],
    ["cut short", Fault.truncate]
  ] as const)("resumes a body that is %s where it broke", ([, fault]) =>
    Effect.gen(function* () {
      const { read, s3 } = yield* one()
      yield* s3.faults.set([fault({ next: 3 })])
      assert.isTrue((yield* read).equals(body))
      assert.strictEqual(yield* requests(s3), 4)
    })
  )

  it.live("gives up a file whose bytes do not come", () =>
    Effect.gen(function* () {
      const { read, s3 } = yield* one()
      yield* s3.faults.set([Fault.resetInBody({ at: 0 })])
      const error = yield* Effect.flip(read)
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.isFalse(error.stopsRun)
      assert.isAtMost(yield* requests(s3), 8)
    })
  )

  it.live("finds that the file changed since it was listed", () =>
    Effect.gen(function* () {
      const { file, live, read, s3 } = yield* one()
      yield* s3.put("acme", "k.bin", "other")
      assert.strictEqual((yield* Effect.flip(read)).reason._tag, "Changed")
      const now = yield* source.stat(file).pipe(Effect.flatMap(Effect.fromOption), Effect.provide(live))
      assert.notStrictEqual(now.token, file.token)
      assert.strictEqual(String(yield* bytes(source, now).pipe(Effect.provide(live))), "other")
    })
  )

  it.live("finds that the file changed while it was read", () =>
    Effect.gen(function* () {
      const { file, live, s3 } = yield* one()
      yield* s3.faults.set([Fault.resetInBody({ next: 1 })])
      let seen = 0
      const error = yield* source.read(file).pipe(
        Stream.tap(() => (seen++ === 0 ? s3.put("acme", "k.bin", "other") : Effect.void)),
        Stream.runDrain,
        Effect.flip,
        Effect.provide(live)
      )
      assert.strictEqual(error.reason._tag, "Changed")
    })
  )

  it.live("says that a file is gone, and that it may not be read, of that file alone", () =>
    Effect.gen(function* () {
      const { file, live, read, s3 } = yield* one()
      yield* s3.faults.set([Fault.deny({ operations: ["GetObject"] })])
      const denied = yield* Effect.flip(read)
      assert.strictEqual(denied.reason._tag, "Denied")
      assert.include(denied.message, "s3:GetObject on arn:aws:s3:::acme/*")
      yield* s3.faults.clear
      yield* s3.remove("acme", "k.bin")
      const gone = yield* Effect.flip(read)
      assert.strictEqual(gone.reason._tag, "Gone")
      assert.isFalse(denied.stopsRun || gone.stopsRun)
      assert.isTrue((yield* source.stat(file).pipe(Effect.provide(live)))._tag === "None")
    })
  )

  it.live("says that an archived object cannot be read", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k.bin", "x")
      const [file] = yield* files({ bucket: "acme" }, live)
      yield* s3.put("acme", "k.bin", "x", { storageClass: "GLACIER" })
      if (file === undefined) return assert.fail("nothing was listed")
      const error = yield* Effect.flip(bytes(source, file).pipe(Effect.provide(live)))
      assert.strictEqual(error.reason._tag, "Denied")
      assert.include(error.message, "archived")
    })
  )

  it.live("reads with the customer's key, and says what is missing without it", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      const key = Buffer.alloc(32, 7)
      yield* s3.put("acme", "k.bin", "secret text", { customerKey: key })
      const [file] = yield* files({ bucket: "acme" }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      const keyed = S3Source.make({ bucket: "acme", sseCustomerKey: Redacted.make(key.toString("base64")) })
      assert.strictEqual(String(yield* bytes(keyed, file).pipe(Effect.provide(live))), "secret text")
      const error = yield* Effect.flip(bytes(source, file).pipe(Effect.provide(live)))
      assert.strictEqual(error.reason._tag, "Denied")
      assert.include(error.message, "`sseCustomerKey`")
      assert.notInclude(JSON.stringify([keyed, error]), key.toString("base64"))
    })
  )

  it.live("reads what requesters pay for", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme", { requesterPays: true })
      yield* s3.put("acme", "k.bin", "x")
      const paying = S3Source.make({ bucket: "acme", requesterPays: true })
      const [file] = yield* files({ bucket: "acme", requesterPays: true }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      assert.strictEqual(String(yield* bytes(paying, file).pipe(Effect.provide(live))), "x")
    })
  )

  it.live("frees the connection of a body that nobody reads to its end", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn({ connections: 2 })
      yield* s3.put("acme", "k.bin", Buffer.alloc(5_000_000))
      yield* Effect.gen(function* () {
        const [file] = yield* Effect.map(
          Stream.runCollect(source.sweep({ resume: [], attributes: new Set(), pathPrefixes: [""] })),
          (pages) => pages.flatMap(({ changes }) => changes.flatMap((one) => (one._tag === "Upsert" ? [one.file] : [])))
        )
        if (file === undefined) return assert.fail("nothing was listed")
        for (let i = 0; i < 6; i++) {
          yield* source.read(file).pipe(Stream.take(1), Stream.runDrain)
          const fiber = yield* Effect.forkChild(source.read(file).pipe(Stream.runForEach(() => Effect.sleep("1 hour"))))
          yield* Effect.sleep("5 millis")
          yield* Fiber.interrupt(fiber)
        }
        assert.strictEqual((yield* bytes(source, file)).length, 5_000_000)
      }).pipe(Effect.provide(live))
    })
  )

  it.live("takes from the network no more than its reader takes", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 1, key: () => "big", size: 200_000_000 })
      const [file] = yield* files({ bucket: "acme" }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      const before = process.memoryUsage().rss
      yield* source.read(file).pipe(
        Stream.take(3),
        Stream.mapEffect(() => Effect.sleep("50 millis")),
        Stream.runDrain,
        Effect.provide(live)
      )
      assert.isBelow(process.memoryUsage().rss - before, 80_000_000)
    })
  )
})
