import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Redacted } from "effect"
import { S3Source } from "../src/index.ts"
import { bytes, files, standIn } from "./bench.ts"

describe("S3Source", () => {
  it.live("lists, reads and links one file", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("photos", "a b/ü+%.txt", "hello")
      const source = S3Source.make({ bucket: "photos" })
      const [file] = yield* files({ bucket: "photos" }, live)
      assert.isDefined(file)
      if (file === undefined) return
      assert.strictEqual(file.uri, "s3://photos/a%20b/%C3%BC%2B%25.txt")
      assert.strictEqual(file.mimeType, "text/plain")
      const read = yield* bytes(source, file).pipe(Effect.provide(live))
      assert.strictEqual(read.toString(), "hello")
      const link = Option.getOrThrow(source.link)
      const url = yield* link.presigned(file, Duration.minutes(5)).pipe(Effect.provide(live))
      const fetched = yield* Effect.promise(() => fetch(Redacted.value(url)).then((answer) => answer.text()))
      assert.strictEqual(fetched, "hello")
      assert.strictEqual(link.address(file), "s3://photos/a b/ü+%.txt")
      const found = yield* source.check.pipe(Effect.provide(live))
      assert.deepStrictEqual(
        found.map(({ severity, subject }) => `${severity} ${subject}`),
        ["ok list", "ok region", "ok read"]
      )
      const now = yield* source.stat(file).pipe(Effect.provide(live))
      assert.strictEqual(Option.getOrThrow(now).token, file.token)
    })
  )
})
