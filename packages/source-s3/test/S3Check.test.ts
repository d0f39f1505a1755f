import { assert, describe, it } from "@effect/vitest"
import { Check } from "@sluice/core"
import { Fault, S3StandIn } from "@sluice/testkit/s3"
import { Effect, type Layer, Redacted } from "effect"
import { Credentials, S3, S3Source } from "../src/index.ts"
import { reach, standIn } from "./bench.ts"

const check = (options: S3Source.Options, live: Layer.Layer<S3, unknown>) =>
  Effect.map(S3Source.make(options).check.pipe(Effect.provide(live)), (findings) => findings.map(Check.format))

describe("S3Check", () => {
  it.live("finds that all is well", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "folder/", "")
      yield* s3.put("acme", "k", "x", { metadata: { a: "b" } })
      const found = yield* check({ bucket: "acme", attributes: ["metadata", "tags"] }, live)
      assert.deepStrictEqual(found, [
        "ok      list: acme can be listed",
        "ok      region: requests go to us-east-1",
        "ok      read: an object was read",
        "ok      metadata: metadata can be read",
        "ok      tags: tags can be read"
      ])
    })
  )

  it.live.each([
    [
      "s3:ListBucket",
      Fault.deny({ operations: ["ListObjectsV2"] }),
      "error   list: access denied. these credentials need s3:ListBucket"
    ],
    [
      "s3:GetObject",
      Fault.deny({ operations: ["GetObject"] }),
      "error   read: access to k is denied. these credentials need s3:GetObject"
    ],
    ["s3:GetObjectTagging", Fault.deny({ operations: ["GetObjectTagging"] }), "s3:GetObjectTagging"]
  ] as const)("finds that %s is missing", ([, fault, said]) =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k", "x")
      yield* s3.faults.set([fault])
      const found = yield* check({ bucket: "acme", attributes: ["tags"] }, live)
      assert.include(found.filter((line) => line.startsWith("error")).join("\n"), said)
      assert.strictEqual(found.filter((line) => line.startsWith("error")).length, 1)
    })
  )

  it.live("names a bucket that is not there, and a wrong key", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      assert.match(
        (yield* check({ bucket: "nowhere" }, live)).join("\n"),
        /^error {3}bucket: the bucket nowhere does not exist.*check `bucket`/
      )
      yield* s3.createBucket("acme")
      const wrong = S3.layer(
        reach(s3, {
          credentials: Credentials.Static({ accessKeyId: s3.accessKeyId, secretAccessKey: Redacted.make("wrong") })
        })
      )
      assert.match((yield* check({ bucket: "acme" }, wrong)).join("\n"), /^error {3}credentials: .*`secretAccessKey`/)
    })
  )

  it.live("names the region to set", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn({ region: "us-west-2" })
      yield* s3.createBucket("acme", { region: "eu-west-3" })
      assert.match((yield* check({ bucket: "acme" }, live)).join("\n"), /^error {3}region: .*set `region` to eu-west-3/)
    })
  )

  it.live("warns where nothing is there, and tries each prefix", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "a/k", "x")
      const found = yield* check({ bucket: "acme", prefixes: ["a/", "b/"] }, live)
      assert.deepStrictEqual(
        found.map((line) => line.slice(0, 15)),
        ["ok      list: a", "warning prefixe", "ok      region:", "ok      read: a"]
      )
    })
  )

  it.live("finds all that is wrong with the options", () =>
    Effect.gen(function* () {
      const { live } = yield* standIn()
      const found = yield* check(
        { bucket: "", prefixes: [], concurrency: 99, sseCustomerKey: Redacted.make("short") },
        live
      )
      assert.deepStrictEqual(
        found.map((line) => line.split(":")[0]),
        ["error   bucket", "error   prefixes", "error   concurrency", "error   sseCustomerKey"]
      )
    })
  )

  it.live("fails where it could not find out", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      yield* s3.faults.set([Fault.internalError()])
      const error = yield* Effect.flip(
        S3Source.make({ bucket: "acme" }).check.pipe(Effect.provide(S3.layer(reach(s3))))
      )
      assert.strictEqual(error.reason._tag, "Unavailable")
    })
  )
})
