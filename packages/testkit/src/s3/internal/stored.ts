/** The spelling in which S3 keeps what a client hands over. */
import { hash } from "node:crypto"

/** User metadata as headers carry it: lower-case names, and RFC 2047 words for values that are not ASCII. */
export const encodeMetadata = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      name.toLowerCase(),
      /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`
    ])
  )

/** What is kept of a customer's key: its MD5 in base64. */
export const customerKeyMd5 = (key: Uint8Array): string => hash("md5", key, "base64")
