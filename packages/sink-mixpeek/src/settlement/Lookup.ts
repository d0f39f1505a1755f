/**
 * Which objects there are, found by the key each of them carries.
 */
import type { Sink } from "@sluice/core"
import { Clock, Duration, Effect, Predicate } from "effect"
import { Mixpeek } from "../client/Mixpeek.ts"
import type { Settings } from "../SinkOptions.ts"
import { at, idOf, type ObjectResponse } from "../client/ObjectResponse.ts"
import type { ListObjectsRequest } from "../client/Wire.ts"

/** The most that `limit` may be. */
const pageSize = 1000
/** Where offsets end, by the API's own documentation. */
const maxOffset = 10_000

/** Every page, by cursor where the API has one, else by offset as far as that goes. */
const list = Effect.fnUntraced(function* (bucket: string, body: ListObjectsRequest) {
  const mixpeek = yield* Mixpeek
  const objects: Array<ObjectResponse> = []
  let cursor: string | undefined
  let offset: number | undefined
  do {
    const { value: page } = yield* mixpeek.listObjects({ bucket, body, limit: pageSize, cursor, offset })
    objects.push(...page.results)
    const next = page.pagination?.next_cursor
    const isFull = page.results.length >= pageSize
    offset = next === undefined && cursor === undefined && isFull ? (offset ?? 0) + pageSize : undefined
    cursor = next === cursor ? undefined : next
  } while (cursor !== undefined || (offset !== undefined && offset <= maxOffset))
  return objects
})

/** All objects with one of these keys, with the fields at these paths. */
export const withKeys = (
  settings: Settings,
  sourceKey: ReadonlyArray<string>,
  keys: ReadonlyArray<string>,
  select: ReadonlyArray<ReadonlyArray<string>> = []
) =>
  list(settings.bucket, {
    filters: { AND: [{ field: sourceKey.join("."), operator: "in", value: keys }], case_sensitive: true },
    select: [sourceKey, ...select].map((path) => path.join("."))
  })

/**
 * Looks for objects of records whose answers were lost. A request that lost its answer may still be at work on the other
 * side: where some are missing, they are looked for once more when `grace` is over.
 */
export const find = Effect.fn("MixpeekSink.find")(function* (
  settings: Settings,
  sourceKey: ReadonlyArray<string>,
  lost: ReadonlyArray<Sink.Lost>
) {
  yield* Effect.annotateCurrentSpan({ sink: settings.name, records: lost.length })
  const { source } = settings.lineage
  const token = source === undefined ? undefined : [...source, "token"]
  const missing = new Map(lost.map((one) => [one.key, one]))
  const found: Array<Sink.Found> = []
  const look = Effect.fnUntraced(function* () {
    const select = token === undefined ? [] : [token]
    for (const object of yield* withKeys(settings, sourceKey, [...missing.keys()], select)) {
      const key = at(object, sourceKey)
      const one = Predicate.isString(key) ? missing.get(key) : undefined
      const objectId = idOf(object)
      if (one === undefined || objectId === undefined || one.replaces.includes(objectId)) continue
      const state = token === undefined ? undefined : at(object, token)
      // Of a bucket that does not keep it, any object of the file is taken for the one.
      if (Predicate.isString(state) && state !== one.token) continue
      missing.delete(one.key)
      found.push({ key: one.key, objectId })
    }
  })
  yield* look()
  if (missing.size === 0) return found
  const believedAt = Math.max(...lost.map(({ lostAt }) => lostAt)) + Duration.toMillis(settings.grace)
  const wait = believedAt - (yield* Clock.currentTimeMillis)
  if (wait > 0) yield* Effect.andThen(Effect.sleep(wait), look())
  return found
})
