/**
 * `listObjects`.
 */
import { Option, Predicate, Result } from "effect"
import * as Answers from "./Answer.ts"
import { ownParts } from "./BucketSchema.ts"
import type { BucketState, StoredObject } from "./BucketState.ts"
import * as Filter from "./Filter.ts"
import * as Sort from "./Sort.ts"
import type { State } from "./State.ts"
import * as Wire from "./Wire.ts"

type Shown = Readonly<Record<string, unknown>>

/** Without a sort a page starts after an object, so that what is deleted meanwhile moves nothing; else at a position. */
type Start = { readonly after: string } | { readonly skip: number }

const write = (start: Start): string => Buffer.from(JSON.stringify(start)).toString("base64url")

const read = (cursor: string): Option.Option<Start> => {
  try {
    const start: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString())
    if (!Predicate.isObject(start)) return Option.none()
    if (Predicate.isString(start["after"])) return Option.some({ after: start["after"] })
    return Predicate.isNumber(start["skip"]) ? Option.some({ skip: start["skip"] }) : Option.none()
  } catch {
    return Option.none()
  }
}

const startOf = (state: State, query: URLSearchParams): Option.Option<Start> => {
  const cursor = state.settings.paging === "cursor" ? query.get("cursor") : null
  return cursor === null ? Option.some({ skip: Number(query.get("offset") ?? 0) }) : read(cursor)
}

const valuesOf =
  (state: State, stored: StoredObject): Filter.Values =>
  (path) => {
    const steps = path.split(".")
    const whole = ownParts.has(steps[0] ?? "") ? Wire.object(stored, state.settings) : stored.fields
    return Filter.valuesAt(whole, steps)
  }

/** Keeps the values at these dot paths. */
const pick = (value: unknown, paths: ReadonlyArray<ReadonlyArray<string>>): unknown => {
  if (paths.some((path) => path.length === 0)) return value
  if (Array.isArray(value)) return value.map((item) => pick(item, paths))
  if (!Predicate.isObject(value)) return value
  const names = new Set(paths.map(([name]) => name ?? "").filter((name) => Object.hasOwn(value, name)))
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      pick(
        value[name],
        paths.filter(([first]) => first === name).map((path) => path.slice(1))
      )
    ])
  )
}

/** Ids are always there, and a blob is never without its property and type. */
const selected = (shown: Shown, select: unknown): unknown => {
  if (!Array.isArray(select)) return shown
  const paths = select.map((path) => String(path).split("."))
  const always = paths.some(([first]) => first === "blobs") ? ["blobs.property", "blobs.type"] : []
  return pick(shown, [...paths, ...["object_id", "bucket_id", ...always].map((path) => path.split("."))])
}

const mentions = (stored: StoredObject, search: string): boolean =>
  JSON.stringify(stored.fields).toLowerCase().includes(search.toLowerCase())

const statistics = (objects: ReadonlyArray<StoredObject>) => {
  const blobs = objects.reduce((sum, { blobs }) => sum + blobs.length, 0)
  return {
    total_objects: objects.length,
    total_blobs: blobs,
    avg_blobs_per_object: objects.length === 0 ? 0 : blobs / objects.length,
    objects_by_status: Object.fromEntries(
      Map.groupBy(objects, ({ status }) => status)
        .entries()
        .map(([status, group]) => [status, group.length])
    )
  }
}

const defaultLimit = 10

/** Filters, sorts and pages; ids rise with the order of creation. */
export const list = (state: State, bucket: BucketState, body: unknown, query: URLSearchParams): Answers.Answer => {
  const { filters, search, select, sort } = Predicate.isObject(body) ? body : {}
  const test = Filter.compile(filters)
  if (Result.isFailure(test)) return Answers.badRequest(test.failure)
  const start = startOf(state, query)
  if (Option.isNone(start)) return Answers.badRequest("The cursor is not one of this server")
  const limit = Number(query.get("limit") ?? defaultLimit)
  const order = Sort.by<StoredObject>(sort, (stored, field) => valuesOf(state, stored)(field)[0])
  const found = bucket.objects
    .values()
    .filter((stored) => test.success(valuesOf(state, stored)))
    .filter((stored) => !Predicate.isString(search) || mentions(stored, search))
    .toArray()
  const all = order === undefined ? found : found.toSorted(order)
  const from = start.value
  const skip = "skip" in from ? from.skip : all.filter(({ objectId }) => objectId <= from.after).length
  const page = all.slice(skip, skip + limit)
  const last = page.at(-1)
  const more = state.settings.paging === "cursor" && skip + limit < all.length
  const next: Start = order === undefined && last !== undefined ? { after: last.objectId } : { skip: skip + limit }
  const counted = query.get("include_total") === "true"
  return Answers.ok({
    results: page.map((stored) => selected(Wire.object(stored, state.settings), select)),
    pagination: {
      total: counted ? all.length : null,
      page: Math.floor(skip / limit) + 1,
      page_size: limit,
      total_pages: counted ? Math.ceil(all.length / limit) : null,
      next_page: null,
      previous_page: null,
      next_cursor: more ? write(next) : null
    },
    stats: counted ? statistics(all) : null
  })
}
