/** The XML of S3's answers, written; that of its few request bodies, read. */
import { Schema } from "effect"
import { XMLParser } from "fast-xml-parser"
import { Refusal } from "./refusal.ts"

const special = /[&<>"\p{Cc}]/gu
const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/**
 * Text for an element. Control characters become character references, as in S3's own answers: XML 1.0 forbids most of
 * them even so, which is why clients ask for `encoding-type=url`.
 */
export const escapeXml = (text: string): string =>
  text.replace(special, (character) => entities[character] ?? `&#x${character.charCodeAt(0).toString(16)};`)

const plain = /^[A-Za-z0-9\-_.*/~]*$/

/** `encoding-type=url` as S3 does it: a form encoding (a space is `+`) that leaves `/` and `*` alone. */
export const encodeListed = (text: string): string =>
  plain.test(text)
    ? text
    : encodeURIComponent(text)
        .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll("%2F", "/")
        .replaceAll("%20", "+")

/** `<name>text</name>`. */
export const element = (name: string, text: string | number | boolean): string =>
  `<${name}>${typeof text === "string" ? escapeXml(text) : text}</${name}>`

/** A whole answer under one root element in S3's name space. */
export const document = (root: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => name === "Object" || name === "Tag" || name === "Part"
})

/** Reads a request body: malformed or of another shape is S3's `MalformedXML`. */
export const readXml = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownSync(schema)
  return (body: Uint8Array): A => {
    try {
      return decode(parser.parse(Buffer.from(body)))
    } catch {
      throw new Refusal("MalformedXML")
    }
  }
}
