/**
 * Whether what a mapping made is a `MixpeekObject`, and nothing else: what its schema says where no other keys are allowed, at a
 * thirtieth of the cost, because it is asked of each of millions of objects.
 */
import { Predicate, Schema } from "effect"
import { FieldType } from "../client/Wire.ts"
import type { MixpeekObject } from "./MixpeekObject.ts"

type Check = (value: unknown) => boolean

/** An object with these keys, some of which must be there, and no others. */
const closed =
  (checks: ReadonlyMap<string, Check>, required: ReadonlyArray<string>): Check =>
  (value) => {
    if (!Predicate.isObject(value)) return false
    for (const key of required) if (!Object.hasOwn(value, key)) return false
    for (const key in value) if (checks.get(key)?.(value[key]) !== true) return false
    return true
  }

const types: ReadonlySet<unknown> = new Set(FieldType.literals)
const isJson = Schema.is(Schema.Json)

const isFields: Check = (value) => {
  if (!Predicate.isObject(value)) return false
  for (const key in value) if (!isJson(value[key])) return false
  return true
}

const isFile = closed(
  new Map<string, Check>([
    ["_tag", (value) => value === "File"],
    ["part", (value) => Number.isSafeInteger(value) && Number(value) >= 0]
  ]),
  ["_tag"]
)

const isValue = closed(
  new Map<string, Check>([
    ["_tag", (value) => value === "Value"],
    ["value", isJson]
  ]),
  ["_tag", "value"]
)

const isBlob = closed(
  new Map<string, Check>([
    ["property", (value) => Predicate.isString(value) && value.length >= 1 && value.length <= 100],
    ["type", (value) => types.has(value)],
    ["content", (value) => isFile(value) || isValue(value)],
    ["keyPrefix", Predicate.isString],
    ["metadata", isFields],
    ["canonicalizeSource", Predicate.isBoolean],
    ["forceRemirror", Predicate.isBoolean]
  ]),
  ["property", "type"]
)

const check = closed(
  new Map<string, Check>([
    ["keyPrefix", Predicate.isString],
    ["blobs", (value) => Array.isArray(value) && value.every(isBlob)],
    ["fields", isFields],
    ["skipDuplicates", Predicate.isBoolean],
    ["canonicalizeSource", Predicate.isBoolean],
    ["forceRemirror", Predicate.isBoolean]
  ]),
  ["blobs"]
)

export const isMixpeekObject = (value: unknown): value is MixpeekObject => check(value)
