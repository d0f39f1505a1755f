/**
 * Which objects there are, found by the key each of them carries.
 */
import type { Sink } from "@sluice/core"
import { Duration, Effect, Option, Predicate } from "effect"
import { Mixpeek } from "./Mixpeek.ts"
import type { MixpeekRecord } from "./MixpeekRecord.ts"
import type { Settings } from "./SinkOptions.ts"
import { at, type ListObjectsRequest, type ObjectResponse } from "./Wire.ts"

/** The most that `limit` may be. */
const pageSize = 1000
/** Where offsets end, by the API's own documentation. */
const maxOffset = 10_000

/** A request that lost its answer may still be at work on the other side: what is missing is looked for once more. */
export const settleTime = Duration.seconds(2)

type Collected = Map<string, Sink.Found>

const collect = (
  found: Collected,
  records: ReadonlyMap<string, MixpeekRecord>,
  objects: ReadonlyArray<ObjectResponse>,
  sourceKey: ReadonlyArray<string>,
  token: ReadonlyArray<string> | undefined
) => {
  for (const object of objects) {
    const key = at(object, sourceKey)
    const record = Predicate.isString(key) ? records.get(key) : undefined
    if (record === undefined || object.object_id === undefined) continue
    const state = token === undefined ? undefined : at(object, token)
    // Where there are several, the one that holds the state that was sent is the one that was looked for.
    if (found.has(record.key) && state !== record.file.token) continue
    found.set(record.key, {
      key: record.key,
      objectId: object.object_id,
      token: Predicate.isString(state) ? Option.some(state) : Option.none()
    })
  }
}

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

/** Looks for the batch's objects; twice, where some are missing. */
export const find = Effect.fn("MixpeekSink.find")(function* (
  settings: Settings,
  sourceKey: ReadonlyArray<string>,
  batch: ReadonlyArray<MixpeekRecord>
) {
  yield* Effect.annotateCurrentSpan({ sink: settings.name, records: batch.length })
  const { source } = settings.lineage
  const token = source === undefined ? undefined : [...source, "token"]
  const records = new Map(batch.map((record) => [record.key, record]))
  const found: Collected = new Map()
  const look = Effect.fnUntraced(function* () {
    const missing = [...records.keys()].filter((key) => !found.has(key))
    const objects = yield* withKeys(settings, sourceKey, missing, token === undefined ? [] : [token])
    collect(found, records, objects, sourceKey, token)
  })
  yield* look()
  if (found.size < records.size) {
    yield* Effect.sleep(settleTime)
    yield* look()
  }
  return [...found.values()]
})
