import { ListObjectsV2Command, type ListObjectsV2CommandInput, S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Redacted } from "effect"
import { listPage, reader } from "../src/internal/listPage.ts"

/** In pieces of this many characters. */
const parse = (xml: string, piece = xml.length) => {
  const { end, push } = reader()
  for (let at = 0; at < xml.length; at += piece) push(xml.slice(at, at + piece))
  return end()
}

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
      const ask = { Bucket: "acme", OptionalObjectAttributes: ["RestoreStatus"] } satisfies ListObjectsV2CommandInput
      const asks: ReadonlyArray<ListObjectsV2CommandInput> = [
        { ...ask, EncodingType: "url" },
        { ...ask, EncodingType: "url", Delimiter: "/" },
        { ...ask, EncodingType: "url", MaxKeys: 2 },
        { ...ask, EncodingType: "url", Prefix: "nothing" }
      ]
      for (const input of asks) {
        const sdk = yield* Effect.promise(() => client.send(new ListObjectsV2Command(input)))
        const ours = yield* Effect.promise(() => listPage(client, input, new AbortController().signal))
        const { CommonPrefixes, EncodingType, IsTruncated, NextContinuationToken } = sdk
        const Contents = sdk.Contents?.map(({ ETag, Key, LastModified, RestoreStatus, Size, StorageClass }) => ({
          ETag,
          Key,
          LastModified,
          ...(RestoreStatus === undefined ? {} : { RestoreStatus }),
          Size,
          StorageClass
        }))
        const expected = { CommonPrefixes, Contents, EncodingType, IsTruncated, NextContinuationToken }
        for (const [field, value] of Object.entries(expected)) {
          assert.deepStrictEqual(Reflect.get(ours, field), value, field)
        }
        assert.isUndefined(ours.KeyCount, "the answer went to the SDK")
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
    const expected: ReturnType<typeof parse> = {
      IsTruncated: true,
      Contents: [
        {
          Key: "a%2Bb",
          Size: 7,
          LastModified: new Date("2026-01-02T03:04:05.678Z"),
          ETag: '"e"',
          StorageClass: "STANDARD"
        }
      ],
      CommonPrefixes: [{ Prefix: "f%C3%BC/" }],
      NextContinuationToken: "t&AB",
      EncodingType: "url"
    }
    for (const piece of [1, 7, 64, xml.length]) assert.deepEqual(parse(xml, piece), expected)
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
    ["a date that is none", page(`<IsTruncated>false</IsTruncated>${line("a").replace("2026", "x")}`)],
    ["a count that differs", page(`<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>${line("a")}`)],
    ["no word of whether there is more", page(line("a"))]
  ])("leaves %s to the SDK", (_, xml) => {
    assert.isUndefined(parse(xml))
  })
})
