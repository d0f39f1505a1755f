/**
 * `listUploads`.
 */
import { Predicate, Result } from "effect"
import * as Answers from "./Answer.ts"
import type { BucketState } from "./BucketState.ts"
import * as Filter from "./Filter.ts"
import * as Sort from "./Sort.ts"
import type { State } from "./State.ts"
import * as Tasks from "./Tasks.ts"
import { of } from "./UploadState.ts"
import * as Wire from "./Wire.ts"

type Shown = ReturnType<typeof Wire.upload>

const mentions = ({ filename, metadata }: Shown, search: string): boolean =>
  [filename, ...Object.values(metadata)].some((value) => String(value).toLowerCase().includes(search.toLowerCase()))

const statistics = (uploads: ReadonlyArray<Shown>) => {
  const bytes = uploads.reduce((sum, { file_size_bytes }) => sum + (file_size_bytes ?? 0), 0)
  return {
    total_uploads: uploads.length,
    total_size_bytes: bytes,
    uploads_by_status: Object.fromEntries(
      Map.groupBy(uploads, ({ status }) => status)
        .entries()
        .map(([status, group]) => [status, group.length])
    ),
    avg_file_size_bytes: uploads.length === 0 ? 0 : bytes / uploads.length,
    unique_buckets: Math.min(1, uploads.length)
  }
}

/** A number in the query, else in the body, else what holds where there is none. */
const numberOf = (query: string | null, body: unknown, otherwise: number): number =>
  query === null ? (Predicate.isNumber(body) ? body : otherwise) : Number(query)

/** Filters, sorts and pages; the newest first where no sort is asked for. */
export const list = (state: State, bucket: BucketState, body: unknown, query: URLSearchParams): Answers.Answer => {
  const { filters, limit, offset, search, sort } = Predicate.isObject(body) ? body : {}
  const test = Filter.compile(filters)
  if (Result.isFailure(test)) return Answers.badRequest(test.failure)
  const valuesOf = (upload: Shown) => (path: string) => Filter.valuesAt(upload, path.split("."))
  const order = Sort.by<Shown>(sort, (upload, field) => valuesOf(upload)(field)[0])
  const found = of(state, bucket.options.id)
    .toReversed()
    .map((upload) => Wire.upload(upload))
    .filter((upload) => test.success(valuesOf(upload)))
    .filter((upload) => !Predicate.isString(search) || mentions(upload, search))
  const all = order === undefined ? found : found.toSorted(order)
  const size = numberOf(query.get("limit"), limit, 20)
  const skip = numberOf(query.get("offset"), offset, 0)
  const page = all.slice(skip, skip + size)
  for (const taskId of new Set(page.map(({ task_id }) => task_id))) Tasks.look(state, taskId)
  const counted = query.get("include_total") === "true"
  return Answers.ok({
    results: page,
    pagination: {
      total: counted ? all.length : null,
      page: Math.floor(skip / size) + 1,
      page_size: size,
      total_pages: counted ? Math.ceil(all.length / size) : null,
      next_page: null,
      previous_page: null,
      next_cursor: null
    },
    stats: statistics(all)
  })
}
