/**
 * Which objects of a pipeline there are, by what their lineage says.
 *
 * They are listed by the order of their keys, each page from beyond the last key of the one before: objects may come and go
 * meanwhile, and both generations of the API (cursor, offset up to 10,000) list any number of them.
 */
import { Sink } from "@sluice/core"
import { type Array as Arr, Effect, Option, Predicate, Stream } from "effect"
import * as LineageFields from "../mapping/LineageFields.ts"
import * as Lookup from "../settlement/Lookup.ts"
import { Mixpeek } from "../client/Mixpeek.ts"
import type { Settings } from "../SinkOptions.ts"
import { at, idOf, type ObjectResponse } from "../client/ObjectResponse.ts"

/** The most that `limit` may be. */
const pageSize = 1000

interface Places {
  readonly sourceKey: ReadonlyArray<string>
  readonly source: ReadonlyArray<string>
}

const keyOf = ({ sourceKey }: Places, object: ObjectResponse): string | undefined => {
  const key = at(object, sourceKey)
  return Predicate.isString(key) ? key : undefined
}

/** Those that say which file of this pipeline they were made from. */
const storedOf = (places: Places, pipeline: string, objects: ReadonlyArray<ObjectResponse>) =>
  objects.flatMap((object): ReadonlyArray<Sink.Stored> => {
    const objectId = idOf(object)
    const key = keyOf(places, object)
    const lineage = LineageFields.read(at(object, places.source))
    if (objectId === undefined || key === undefined || Option.isNone(lineage)) return []
    const { checksum: content, id, path, pipeline: madeBy, token, uri } = lineage.value
    return madeBy === pipeline ? [{ objectId, key, id, uri, path, token, content }] : []
  })

const unsorted = (settings: Settings) =>
  new Sink.SinkError({
    sink: settings.name,
    operation: "listObjects",
    reason: new Sink.Unusable(),
    message: `Mixpeek lists objects in another order than it was asked for, so nobody can tell which of them are missing; compare smaller buckets, or tell Mixpeek`
  })

/** All objects of one key: more than a page of them. */
const ofKey = (settings: Settings, { source, sourceKey }: Places, key: string) =>
  Lookup.withKeys(settings, sourceKey, [key], [source])

/** Pages of whole keys. */
const all = (settings: Settings, places: Places, pipeline: string) =>
  Stream.paginate(
    undefined as string | undefined,
    Effect.fn("MixpeekSink.inventory")(function* (after) {
      const mixpeek = yield* Mixpeek
      const field = places.sourceKey.join(".")
      const beyond = after === undefined ? [] : [{ field, operator: "gt", value: after } as const]
      const { value } = yield* mixpeek.listObjects({
        bucket: settings.bucket,
        body: {
          filters: {
            AND: [{ field: `${places.source.join(".")}.pipeline`, operator: "eq", value: pipeline }, ...beyond],
            case_sensitive: true
          },
          sort: { field, direction: "asc" },
          select: [field, places.source.join(".")]
        },
        limit: pageSize
      })
      const objects = value.results
      const keys = objects.flatMap((object) => keyOf(places, object) ?? [])
      if (keys.some((key, i) => key <= (after ?? "") || key < (keys[i - 1] ?? ""))) return yield* unsorted(settings)
      const last = keys.at(-1)
      const hasMore = objects.length >= pageSize || value.pagination?.next_cursor !== undefined
      if (!hasMore || last === undefined) return [[storedOf(places, pipeline, objects)], Option.none<string>()] as const
      // There may be more objects of the last key.
      const whole = objects.filter((object) => keyOf(places, object) !== last)
      const before = keys.findLast((key) => key !== last)
      const page = before === undefined ? yield* ofKey(settings, places, last) : whole
      return [[storedOf(places, pipeline, page)], Option.some(before ?? last)] as const
    })
  )

/** `None` where the lineage is not in the objects. */
export const make = (settings: Settings): Option.Option<Sink.Inventory<Mixpeek>> => {
  const { source, sourceKey } = settings.lineage
  if (source === undefined || sourceKey === undefined) return Option.none()
  const places = { source, sourceKey }
  return Option.some({
    withKeys: Effect.fn("MixpeekSink.withKeys")((pipeline: string, keys: Arr.NonEmptyReadonlyArray<string>) =>
      Effect.map(Lookup.withKeys(settings, sourceKey, keys, [source]), (objects) => storedOf(places, pipeline, objects))
    ),
    all: (pipeline) => all(settings, places, pipeline)
  })
}
