/**
 * `getBucket`, `listBuckets` and `getOrganization`.
 */
import { Duration } from "effect"
import * as Answers from "./Answer.ts"
import type { BucketState } from "./BucketState.ts"
import { categories, type Limits, type Rate } from "./Limits.ts"
import type { State } from "./State.ts"

const describe = (bucket: BucketState) => {
  const { id, locked, name, schema, status, uniqueKey } = bucket.options
  return {
    bucket_id: id,
    bucket_name: name ?? id,
    description: null,
    bucket_schema: schema ?? null,
    unique_key: uniqueKey ?? null,
    metadata: {},
    object_count: bucket.count(),
    total_size_bytes: 0,
    status: status ?? "ACTIVE",
    is_locked: locked ?? false
  }
}

export const get = (bucket: BucketState) => Answers.ok(describe(bucket))

export const list = (state: State) => {
  const results = [...state.buckets.values()].map(describe)
  return Answers.ok({ results, total_count: results.length, pagination: { total: results.length, next_cursor: null } })
}

const perMinute = ({ requests, window }: Rate): number => {
  const minutes = Duration.toMillis(Duration.fromInputUnsafe(window ?? "1 minute")) / 60_000
  return Math.max(1, Math.floor(requests / minutes))
}

/** Limits as whole requests per minute; what has no limit says a million. */
export const organization = (limits: Limits) =>
  Answers.ok({
    organization_id: "org_stand_in",
    organization_name: "Stand-in",
    account_type: "pro",
    rate_limits: Object.fromEntries(
      categories.map((category) => {
        const rate = limits[category]
        return [category, rate === undefined ? 1_000_000 : perMinute(rate)]
      })
    )
  })
