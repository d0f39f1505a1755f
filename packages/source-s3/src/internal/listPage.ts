/**
 * A quick reader of ListObjectsV2 answers. The SDK's own reads a body into three buffers and a tree before it makes
 * objects of it, and a listing is nothing but answers: this one takes the text apart where the tags stand, in a third of
 * the time and with little left for the garbage collector. Whatever does not look exactly as S3 writes it goes to the SDK.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  type S3Client
} from "@aws-sdk/client-s3"
import { Readable } from "node:stream"

type Output = ListObjectsV2CommandOutput
type Line = NonNullable<Output["Contents"]>[number]

const opening = "<Contents>"
const closing = "</Contents>"

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

const unescape = (text: string): string =>
  text.includes("&")
    ? text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
        if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
        if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(decimal, 10))
        return entities[name ?? ""] ?? whole
      })
    : text

/** The text between a tag and its end. */
const inside = (xml: string, tag: string): string | undefined => {
  const open = xml.indexOf(`<${tag}>`)
  if (open < 0) return undefined
  const start = open + tag.length + 2
  const end = xml.indexOf("</", start)
  return end < 0 ? undefined : unescape(xml.slice(start, end))
}

/** Takes an answer in pieces. `end` gives the page, or `undefined` where it is not certain to be understood. */
export const reader = () => {
  const contents: Array<Line> = []
  /** What stands outside of the lines. */
  let rest = ""
  /** What is not taken apart yet. */
  let carry = ""
  let odd = false
  const push = (text: string): void => {
    carry += text
    odd ||= carry.includes("<!")
    let at = 0
    for (;;) {
      const open = carry.indexOf(opening, at)
      const close = open < 0 ? -1 : carry.indexOf(closing, open)
      if (close < 0) {
        // The end of what is here may be the beginning of a line.
        const keep = open < 0 ? Math.max(at, carry.length - opening.length) : open
        rest += carry.slice(at, keep)
        carry = carry.slice(keep)
        return
      }
      const line = parseLine(carry.slice(open, close))
      if (line === undefined) odd = true
      else contents.push(line)
      rest += carry.slice(at, open)
      at = close + closing.length
    }
  }
  const end = (): Page | undefined => {
    rest += carry
    return odd || !/<ListBucketResult[ >]/.test(rest) || !rest.trimEnd().endsWith("</ListBucketResult>")
      ? undefined
      : page(contents, rest)
  }
  return { push, end }
}

type Page = Omit<Output, "$metadata">

const page = (contents: Array<Line>, rest: string): Page | undefined => {
  const prefixes = [...rest.matchAll(/<CommonPrefixes>\s*<Prefix>([^<]*)<\/Prefix>\s*<\/CommonPrefixes>/g)]
  const truncated = inside(rest, "IsTruncated")
  const count = inside(rest, "KeyCount")
  const next = inside(rest, "NextContinuationToken")
  const encoding = inside(rest, "EncodingType")
  if (
    (truncated !== "true" && truncated !== "false") ||
    (count !== undefined && Number(count) !== contents.length + prefixes.length) ||
    (encoding !== undefined && encoding !== "url") ||
    rest.includes("<Contents") ||
    rest.split("<CommonPrefixes").length - 1 !== prefixes.length
  ) {
    return undefined
  }
  return {
    IsTruncated: truncated === "true",
    ...(contents.length === 0 ? {} : { Contents: contents }),
    ...(prefixes.length === 0
      ? {}
      : { CommonPrefixes: prefixes.map(([, prefix = ""]) => ({ Prefix: unescape(prefix) })) }),
    ...(next === undefined ? {} : { NextContinuationToken: next }),
    ...(encoding === undefined ? {} : { EncodingType: encoding })
  }
}

const parseLine = (line: string): Line | undefined => {
  const key = inside(line, "Key")
  const size = Number(inside(line, "Size") ?? Number.NaN)
  const modified = new Date(inside(line, "LastModified") ?? Number.NaN)
  const etag = inside(line, "ETag")
  if (key === undefined || etag === undefined || !Number.isSafeInteger(size) || Number.isNaN(modified.getTime())) {
    return undefined
  }
  const storageClass = inside(line, "StorageClass")
  const restoring = inside(line, "IsRestoreInProgress")
  const until = inside(line, "RestoreExpiryDate")
  return {
    Key: key,
    Size: size,
    LastModified: modified,
    ETag: etag,
    // As the SDK does, S3's word is taken whether or not this version knows it.
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as NonNullable<Line["StorageClass"]> }),
    ...(restoring === undefined && until === undefined
      ? {}
      : {
          RestoreStatus: {
            IsRestoreInProgress: restoring === "true",
            ...(until === undefined ? {} : { RestoreExpiryDate: new Date(until) })
          }
        })
  }
}

const nothing = Buffer.from("<ListBucketResult/>")

/**
 * Lists as `client.send` does; of an answer that was read here, only the fields this package uses are there. One that
 * was not understood is asked for again, of the SDK.
 */
export const listPage = async (
  client: S3Client,
  input: ListObjectsV2CommandInput,
  abortSignal: AbortSignal
): Promise<Output> => {
  const command = new ListObjectsV2Command(input)
  let read: ReturnType<typeof reader> | undefined
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { response } = result
      // Another handler's bodies, and errors, are left to the SDK.
      if (isAnswer(response) && response.statusCode === 200 && response.body instanceof Readable) {
        read = reader()
        for await (const text of response.body.setEncoding("utf8")) read.push(String(text))
        response.body = nothing
      }
      return result
    },
    { step: "deserialize", priority: "low", name: "readListing" }
  )
  const output = await client.send(command, { abortSignal })
  if (read === undefined) return output
  const page = read.end()
  return page === undefined ? client.send(new ListObjectsV2Command(input), { abortSignal }) : { ...output, ...page }
}

const isAnswer = (response: unknown): response is { readonly statusCode: number; body: unknown } =>
  typeof response === "object" && response !== null && "statusCode" in response && "body" in response
