/** What is refused before any work, and how: the message names the field and says what to do. */
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Ledger, type Mapping, Pipeline } from "@sluice/core"
import { Mixpeek, MixpeekObject, type MixpeekOptions, MixpeekSink } from "@sluice/sink-mixpeek"
import { Credentials, S3, type S3Options, S3Source } from "@sluice/source-s3"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Fault, S3StandIn } from "@sluice/testkit/s3"
import { Effect, Layer, Redacted } from "effect"
import { schema, target, toObject, unlimited } from "./bench.ts"

interface Stands {
  readonly s3: S3StandIn.S3StandIn
  readonly mixpeek: MixpeekStandIn.MixpeekStandIn
}

/** What a case changes about a run that would go well. */
interface Change {
  readonly s3?: S3Options.Options
  readonly source?: Partial<S3Source.Options>
  readonly mixpeek?: Partial<MixpeekOptions.Options>
  readonly sink?: Partial<MixpeekSink.Options>
  readonly map?: Mapping.Mapping<MixpeekObject.MixpeekObject>
  readonly pipeline?: { readonly deletes: "propagate"; readonly updates: "ignore" }
  readonly before?: (stands: Stands) => Effect.Effect<unknown>
}

interface Case {
  readonly change: (stands: Stands) => Change
  /** Words of the message: the field, and the remedy. */
  readonly says: ReadonlyArray<string | RegExp>
}

const { source_key: _, ...withoutSourceKey } = schema.properties

const readerKey = "sk_reader_77aa"
const writerKey = "sk_writer_77aa"
const wrongSecret = "wrong-secret-5150"
const wrongKey = "sk_wrong_5150"

const keyPair = (accessKeyId: string, secretAccessKey: string) =>
  Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })

const cases: Readonly<Record<string, Case>> = {
  "a bucket that is not there": {
    change: () => ({ source: { bucket: "no-such-bucket" } }),
    says: ["bucket", "no-such-bucket", /check|create|name/i]
  },
  "an empty bucket name": { change: () => ({ source: { bucket: "" } }), says: ["bucket", "Name the bucket"] },
  "a wrong region": { change: () => ({ s3: { region: "eu-west-3" } }), says: ["region", "us-east-1"] },
  "an unknown access key id": {
    change: ({ s3 }) => ({ s3: { credentials: keyPair("AKIAUNKNOWN", Redacted.value(s3.secretAccessKey)) } }),
    says: ["accessKeyId"]
  },
  "a wrong secret": {
    change: ({ s3 }) => ({ s3: { credentials: keyPair(s3.accessKeyId, wrongSecret) } }),
    says: ["secretAccessKey"]
  },
  "an empty access key id": {
    change: () => ({ s3: { credentials: keyPair("", "x") } }),
    says: ["accessKeyId", "empty", "set it"]
  },
  "no permission to list": {
    change: () => ({ before: ({ s3 }) => s3.faults.set([Fault.deny({ operations: ["ListObjectsV2"] })]) }),
    says: ["s3:ListBucket"]
  },
  "no permission to read": {
    change: () => ({
      before: ({ s3 }) => s3.faults.set([Fault.deny({ operations: ["GetObject", "HeadObject"] })])
    }),
    says: ["s3:GetObject"]
  },
  "plain http to a public S3 endpoint": {
    change: () => ({ s3: { endpoint: "http://s3.example.com" } }),
    says: ["endpoint", "https", "allowPlainHttp"]
  },
  "a Mixpeek key that may not delete, where objects of files that are gone are": {
    change: () => ({
      mixpeek: { apiKey: Redacted.make(writerKey) },
      pipeline: { deletes: "propagate", updates: "ignore" }
    }),
    says: ["apiKey: it may not delete objects", "permission delete", 'set deletes: "ignore"']
  },
  "a Mixpeek key that may not delete, where objects are replaced": {
    change: () => ({ mixpeek: { apiKey: Redacted.make(writerKey) } }),
    says: ["apiKey: it may not delete objects", "permission delete", 'set updates: "new" or "ignore"']
  },
  "an unknown Mixpeek key": {
    change: () => ({ mixpeek: { apiKey: Redacted.make(wrongKey) } }),
    says: ["apiKey", /key/]
  },
  "an empty Mixpeek key": {
    change: () => ({ mixpeek: { apiKey: Redacted.make("") } }),
    says: ["apiKey", "MIXPEEK_API_KEY", "empty"]
  },
  "an empty namespace": {
    change: () => ({ mixpeek: { namespace: "" } }),
    says: ["namespace", "MIXPEEK_NAMESPACE", "empty"]
  },
  "a Mixpeek bucket that is not there": {
    change: () => ({ sink: { bucket: "bkt_other" } }),
    says: ["bucket", "bkt_other", /namespace/]
  },
  "plain http to a public Mixpeek": {
    change: () => ({ mixpeek: { url: "http://mixpeek.example.com" } }),
    says: ["url", "https", "allowPlainHttp"]
  },
  "a locked Mixpeek bucket": {
    change: () => ({ before: ({ mixpeek }) => mixpeek.setBucket(target, { locked: true }) }),
    says: ["bucket", "locked", /unlock|another/i]
  },
  "a Mixpeek bucket that is being deleted": {
    change: () => ({ before: ({ mixpeek }) => mixpeek.setBucket(target, { status: "IN_PROGRESS" }) }),
    says: ["bucket", "IN_PROGRESS"]
  },
  "an undeclared field of lineage": {
    change: () => ({
      before: ({ mixpeek }) => mixpeek.setBucket(target, { schema: { properties: withoutSourceKey } })
    }),
    says: ["source_key", /declare|schema/]
  },
  "a field declared with another type": {
    change: () => ({
      before: ({ mixpeek }) =>
        mixpeek.setBucket(target, { schema: { properties: { ...schema.properties, source_key: { type: "number" } } } })
    }),
    says: ["source_key", "number"]
  },
  "an undeclared property": {
    change: () => ({ map: MixpeekObject.fromFile({ property: "attachment" }) }),
    says: ["attachment", /schema|declare/]
  },
  "a property of another type": {
    change: () => ({ map: MixpeekObject.fromFile({ property: { pdf: "image" } }) }),
    says: ["image", "pdf", /type/]
  }
}

describe("a run is refused before any work:", () => {
  for (const [title, { change, says }] of Object.entries(cases)) {
    it.live(title, () =>
      Effect.gen(function* () {
        const s3 = yield* S3StandIn.make()
        yield* s3.put("files", "a.pdf", "one")
        const mixpeek = yield* MixpeekStandIn.make({
          buckets: [{ id: target, schema }],
          keys: [
            { key: "sk_stand_in_5e1f7c", permission: "admin" },
            { key: readerKey, permission: "read" },
            { key: writerKey, permission: "write" }
          ]
        })
        const stands = { s3, mixpeek }
        const changed = change(stands)
        if (changed.before !== undefined) yield* changed.before(stands)
        const clients = Layer.mergeAll(
          S3.layer({
            endpoint: s3.url,
            credentials: keyPair(s3.accessKeyId, Redacted.value(s3.secretAccessKey)),
            ...changed.s3
          }),
          Mixpeek.layer({
            url: mixpeek.url,
            apiKey: mixpeek.apiKey,
            namespace: mixpeek.namespace,
            rateLimits: unlimited,
            ...changed.mixpeek
          }),
          Ledger.layerForgetful
        ).pipe(Layer.provide(NodeHttpClient.layerUndici))
        const error = yield* Pipeline.run(
          Pipeline.make({
            name: "refused",
            source: S3Source.make({ bucket: "files", ...changed.source }),
            map: changed.map ?? toObject,
            sink: MixpeekSink.make({ bucket: target, ...changed.sink }),
            ...changed.pipeline
          })
        ).pipe(Effect.provide(clients), Effect.flip)
        for (const words of says) {
          if (typeof words === "string") assert.include(error.message, words)
          else assert.match(error.message, words)
        }
        const secrets = [
          Redacted.value(s3.secretAccessKey),
          Redacted.value(mixpeek.apiKey),
          wrongSecret,
          wrongKey,
          writerKey
        ]
        for (const secret of secrets) assert.notInclude(`${error.message} ${JSON.stringify(error)}`, secret)
        assert.isUndefined((yield* mixpeek.totals).byOperation["createObjectsBatch"])
        assert.strictEqual(yield* mixpeek.count(target), 0)
        // The check looks at one page; a sweep would have come after it.
        assert.isAtMost((yield* s3.requestsByOperation)["ListObjectsV2"] ?? 0, 2)
      }).pipe(Effect.scoped)
    )
  }

  it.live("a key that may only read ends the run with the permission that is missing, before an object exists", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      yield* s3.put("files", "a.pdf", "one")
      const mixpeek = yield* MixpeekStandIn.make({
        buckets: [{ id: target, schema }],
        keys: [
          { key: "sk_admin", permission: "admin" },
          { key: readerKey, permission: "read" }
        ]
      })
      const clients = Layer.mergeAll(
        S3.layer({ endpoint: s3.url, credentials: keyPair(s3.accessKeyId, Redacted.value(s3.secretAccessKey)) }),
        Mixpeek.layer({
          url: mixpeek.url,
          apiKey: Redacted.make(readerKey),
          namespace: mixpeek.namespace,
          rateLimits: unlimited
        }),
        Ledger.layerForgetful
      ).pipe(Layer.provide(NodeHttpClient.layerUndici))
      const error = yield* Pipeline.run(
        Pipeline.make({
          name: "reader",
          source: S3Source.make({ bucket: "files" }),
          map: toObject,
          sink: MixpeekSink.make({ bucket: target }),
          updates: "new"
        })
      ).pipe(Effect.provide(clients), Effect.flip)
      assert.match(error.message, /write|permission/)
      assert.notInclude(error.message, readerKey)
      assert.strictEqual(yield* mixpeek.count(target), 0)
    }).pipe(Effect.scoped)
  )
})
