/** Keys that are legal and odd, and how the suites put and list them. */
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3"
import { createHash } from "node:crypto"
import { listedKey } from "../target.ts"

/** Keys that clients, proxies and servers are known to break. */
export const oddKeys: ReadonlyArray<string> = [
  "plain.txt",
  "with space.txt",
  " leading and trailing ",
  "plus+sign.txt",
  "percent%20encoded.txt",
  "percent%.txt",
  "question?mark=1&b.txt",
  "hash#fragment.txt",
  "semi;colon,comma=equals.txt",
  "quotes\"and'apostrophes.txt",
  "<xml>&amp;.txt",
  "brackets[1]{2}(3)!*~.txt",
  "back\\slash.txt",
  "pipe|caret^grave`.txt",
  "at@colon:dollar$.txt",
  "double//slash.txt",
  "/leading/slash.txt",
  "//two leading.txt",
  "trailing/slash/",
  "./dot/segment.txt",
  "../dot/dot/segment.txt",
  "a/./b/../c.txt",
  "ünïcödé/日本語/файл.txt",
  "e\u0301 is not \u00e9.txt",
  "emoji-\u{1f600}.txt",
  "private-\uffee.txt",
  "new\nline.txt",
  "tab\tand return\r.txt",
  "control-\u0001-\u001f-\u007f.txt",
  `long/${"k".repeat(1024 - 5)}`,
  `wide/${"ü".repeat(509)}`
]

/** Lower-case hex MD5. */
export const md5 = (bytes: Uint8Array | string) => createHash("md5").update(bytes).digest("hex")

/** Puts an object whose body names its key. */
export const put = (client: S3Client, Bucket: string, Key: string, Body: string | Uint8Array = `content of ${Key}`) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }))

/** All keys of a bucket, page by page. */
export const allKeys = async (client: S3Client, Bucket: string, more: { Prefix?: string; MaxKeys?: number } = {}) => {
  const keys: Array<string> = []
  let ContinuationToken: string | undefined
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        EncodingType: "url",
        ...more,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken })
      })
    )
    keys.push(...(page.Contents ?? []).map(({ Key = "" }) => listedKey(Key)))
    ContinuationToken = page.NextContinuationToken
  } while (ContinuationToken !== undefined)
  return keys
}

/** The order of UTF-8 bytes. */
export const utf8Order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
