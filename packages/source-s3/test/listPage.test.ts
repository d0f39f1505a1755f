import { ListObjectsV2Command, type ListObjectsV2CommandInput, S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Redacted } from "effect"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { fromSdk, readPage } from "../src/internal/listPage.ts"

const line = (key: string, more = "") =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size>${more}</Contents>`
const page = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>`

describe("listPage", () => {
  it.live("reads what the SDK reads", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      const put = (key: string, options: S3StandIn.PutOptions = {}) => s3.put("acme", key, "x", options)
      for (const key of ["a b", "a&b<c>\"d'", "+%25", "ü/漢字/\u{1f600}", "d/e/f", "control\u0001\n", "\r\nx"])
        yield* put(key)
      yield* put("glacier", { storageClass: "GLACIER", restoration: { ongoing: true } })
      yield* put("restored", {
        storageClass: "DEEP_ARCHIVE",
        restoration: { ongoing: false, expiresAt: Date.parse("2030-01-01T00:00:00Z") }
      })
      const client = yield* Effect.acquireRelease(
        Effect.sync(
          () =>
            new S3Client({
              endpoint: s3.url,
              forcePathStyle: true,
              region: s3.region,
              credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: Redacted.value(s3.secretAccessKey) }
            })
        ),
        (client) => Effect.sync(() => client.destroy())
      )
      /** The answers, as they came. */
      const answers: Array<string> = []
      client.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args)
          // The handler of Node gives a response with a stream for a body.
          const response = result.response as { body: Readable }
          const body = await buffer(response.body)
          answers.push(body.toString())
          response.body = Readable.from([body])
          return result
        },
        { step: "deserialize", priority: "low" }
      )
      const ask = { Bucket: "acme", OptionalObjectAttributes: ["RestoreStatus"] } satisfies ListObjectsV2CommandInput
      const asks: ReadonlyArray<ListObjectsV2CommandInput> = [
        { ...ask, EncodingType: "url" },
        { ...ask, EncodingType: "url", Delimiter: "/" },
        { ...ask, EncodingType: "url", MaxKeys: 2 },
        { ...ask, EncodingType: "url", Prefix: "nothing" }
      ]
      for (const input of asks) {
        const sdk = yield* Effect.promise(() => client.send(new ListObjectsV2Command(input)))
        assert.deepStrictEqual(readPage(answers.at(-1) ?? ""), fromSdk(sdk))
      }
    })
  )

  it("reads what S3 writes, pretty-printed or not", () => {
    const owner = "<Owner><ID>o</ID><DisplayName>n</DisplayName></Owner><StorageClass>STANDARD</StorageClass>"
    const xml = page(`
      <Name>acme</Name><KeyCount>2</KeyCount><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>
      ${line("a%2Bb", owner)}
      <CommonPrefixes>
        <Prefix>f%C3%BC/</Prefix>
      </CommonPrefixes><NextContinuationToken>t&amp;&#x41;&#66;</NextContinuationToken>`)
    assert.deepStrictEqual(readPage(xml), {
      entries: [
        {
          key: "a+b",
          etag: "e",
          size: 7,
          modifiedAt: new Date("2026-01-02T03:04:05.678Z"),
          storageClass: "STANDARD",
          restoring: false,
          restoredUntil: undefined,
          versionId: undefined,
          latest: true,
          deleteMarker: false
        }
      ],
      folders: ["f\u00fc/"],
      truncated: true,
      token: "t&AB"
    })
  })

  it.each([
    ["an error", "<Error><Code>InternalError</Code></Error>"],
    ["half a page", page(line("a")).slice(0, 200)],
    ["another root", "<html></html>"],
    ["namespaces", page(line("a")).replaceAll("<Contents>", "<s3:Contents>")],
    ["attributes", page(`<IsTruncated>false</IsTruncated>${line("a").replace("<Contents>", '<Contents x="1">')}`)],
    ["CDATA", page(`<IsTruncated>false</IsTruncated>${line("<![CDATA[a]]>")}`)],
    ["a line without a key", page(`<IsTruncated>false</IsTruncated>${line("a").replace(/<Key>.*<\/Key>/, "")}`)],
    ["a size that is no number", page(`<IsTruncated>false</IsTruncated>${line("a").replace("7", "x")}`)],
    ["digits that are none", page(`<IsTruncated>false</IsTruncated>${line("a").replace("2026", "2O26")}`)],
    ["a date that is none", page(`<IsTruncated>false</IsTruncated>${line("a").replace("2026", "x")}`)],
    ["a count that differs", page(`<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>${line("a")}`)],
    ["no word of whether there is more", page(line("a"))]
  ])("leaves %s to the SDK", (_, xml) => {
    assert.isUndefined(readPage(xml))
  })
})
