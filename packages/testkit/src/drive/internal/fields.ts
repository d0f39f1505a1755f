/**
 * Partial responses: what `fields` asks for, as Google's APIs write it (`nextPageToken,files(id,owners/emailAddress)`).
 * https://developers.google.com/workspace/drive/api/guides/fields-parameter
 */
import { Predicate } from "effect"
import { Refusal } from "./refusal.ts"

/** The names an answer can have: `leaf` for a value without parts, `open` for an object with any names. */
export type Shape = "leaf" | "open" | { readonly [name: string]: Shape }

/** What was asked for: all of it, or these parts of it. */
export type Mask = true | ReadonlyMap<string, Mask>

const refused = (name: string): Refusal =>
  new Refusal("invalidParameter", { message: `Invalid field selection ${name}`, parameter: "fields" })

const union = (left: Mask | undefined, right: Mask): Mask => {
  if (left === undefined) return right
  if (left === true || right === true) return true
  const merged = new Map(left)
  for (const [name, mask] of right) merged.set(name, union(merged.get(name), mask))
  return merged
}

/** Reads a selection of fields: 400 for names that the answer does not have. */
export const parseFields = (text: string, shape: Shape): Mask => {
  const tokens = text.match(/[^\s,()/]+|[,()/]/g) ?? []
  let at = 0
  const list = (within: Shape): Mask => {
    let mask = item(within)
    while (tokens[at] === ",") {
      at++
      mask = union(mask, item(within))
    }
    return mask
  }
  const item = (within: Shape): Mask => {
    const name = tokens[at++] ?? ""
    if (/^[,()/]?$/.test(name)) throw refused(name)
    if (name === "*") return true
    const inner = partOf(within, name)
    if (inner === undefined) throw refused(name)
    return new Map([[name, rest(inner)]])
  }
  const rest = (within: Shape): Mask => {
    if (tokens[at] === "/") {
      at++
      return item(within)
    }
    if (tokens[at] !== "(") return true
    at++
    const mask = list(within)
    if (tokens[at++] !== ")") throw refused(text)
    return mask
  }
  const mask = list(shape)
  if (at < tokens.length) throw refused(text)
  return mask
}

const partOf = (shape: Shape, name: string): Shape | undefined => {
  if (shape === "open") return "open"
  return shape === "leaf" || !Object.hasOwn(shape, name) ? undefined : shape[name]
}

const select = (value: unknown, mask: Mask): unknown => {
  if (mask === true) return value
  if (Array.isArray(value)) return value.map((one) => select(one, mask))
  if (!Predicate.isObject(value)) return value
  const selected: Record<string, unknown> = {}
  for (const [name, inner] of mask) {
    const part = Predicate.hasProperty(value, name) ? value[name] : undefined
    if (part !== undefined) selected[name] = select(part, inner)
  }
  return selected
}

/** An object with those of its parts that were asked for and that there are; a part is told what is asked of it. */
export const assemble = (
  mask: Mask,
  parts: Readonly<Record<string, (mask: Mask) => unknown>>
): Readonly<Record<string, unknown>> => {
  const assembled: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(parts)) {
    const inner = mask === true ? true : mask.get(name)
    const value = inner === undefined ? undefined : part(inner)
    if (value !== undefined) assembled[name] = value
  }
  return assembled
}

/** How the fields of a resource are computed; those that are not asked for are not. */
export type Renderer<A> = Readonly<Record<string, (subject: A) => unknown>>

/** A resource with the fields that were asked for and that it has. */
export const render = <A>(renderer: Renderer<A>, subject: A, mask: Mask): Readonly<Record<string, unknown>> => {
  const resource: Record<string, unknown> = {}
  for (const [name, inner] of mask === true ? Object.keys(renderer).map((name) => [name, true] as const) : mask) {
    const value = renderer[name]?.(subject)
    if (value !== undefined) resource[name] = select(value, inner)
  }
  return resource
}
