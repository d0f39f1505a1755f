/** What is to be processed, in memory. */
import { Effect } from "effect"
import type { Settlement } from "../Ledger.ts"
import type { Closed, FailedObject, Failure, Job, Jobs } from "../Processing.ts"

/** An object that waits (in no job), is in one, or has failed. */
interface Row {
  readonly uri: string
  readonly job: number | undefined
  readonly failure: Failure | undefined
}

export interface MemoryJobs extends Jobs {
  /** `removed`: objects of the files that were removed. */
  readonly write: (settlement: Settlement, removed: Iterable<string>) => void
  /** In the order of their ids, beyond one of them. */
  readonly failed: (limit: number, after?: string) => ReadonlyArray<FailedObject>
  /** Lets objects that failed wait again: these, or all. Answers how many there were. */
  readonly reprocess: (objectIds?: ReadonlyArray<string>) => number
}

export const make = (): MemoryJobs => {
  const rows = new Map<string, Row>()
  const jobs = new Map<number, Job>()
  const sorted = () => [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const ofJob = (number: number) => sorted().filter(([, { job }]) => job === number)
  const change = (number: number, f: (job: Job) => Job) => {
    const job = jobs.get(number)
    if (job !== undefined) jobs.set(number, f(job))
  }
  const isWaiting = ({ failure, job }: Row) => job === undefined && failure === undefined

  const open = (limit: number): Job | undefined => {
    const chosen = sorted()
      .filter(([, row]) => isWaiting(row))
      .slice(0, limit)
    if (chosen.length === 0) return undefined
    const job = { number: Math.max(0, ...jobs.keys()) + 1, objects: chosen.length, retries: 0 }
    jobs.set(job.number, job)
    for (const [objectId, row] of chosen) rows.set(objectId, { ...row, job: job.number })
    return job
  }

  const close = (number: number, failed: ReadonlyArray<Omit<FailedObject, "uri">> | Failure): Closed => {
    const causes = "code" in failed ? failed : new Map(failed.map(({ failure, objectId }) => [objectId, failure]))
    const found: Array<FailedObject> = []
    let completed = 0
    for (const [objectId, { uri }] of ofJob(number)) {
      const failure = causes instanceof Map ? causes.get(objectId) : causes
      if (failure === undefined) {
        completed++
        rows.delete(objectId)
      } else {
        found.push({ objectId, uri, failure })
        rows.set(objectId, { uri, job: undefined, failure })
      }
    }
    jobs.delete(number)
    return { completed, failed: found }
  }

  return {
    waiting: Effect.sync(() => [...rows.values()].filter(isWaiting).length),
    open: (limit) => Effect.sync(() => open(limit)),
    list: Effect.sync(() => [...jobs.values()].toSorted((a, b) => a.number - b.number)),
    objects: (number) => Effect.sync(() => ofJob(number).map(([objectId]) => objectId)),
    accepted: (number, id) => Effect.sync(() => change(number, (job) => ({ ...job, id }))),
    retrying: (number) => Effect.sync(() => change(number, (job) => ({ ...job, retries: job.retries + 1 }))),
    close: (number, failed) => Effect.sync(() => close(number, failed)),
    write: ({ cleared, superseded, unprocessed }, removed) => {
      for (const objectId of removed) rows.delete(objectId)
      for (const objectId of cleared) rows.delete(objectId)
      for (const { objectId } of superseded) rows.delete(objectId)
      for (const { objectId, uri } of unprocessed) rows.set(objectId, { uri, job: undefined, failure: undefined })
    },
    failed: (limit, after) =>
      sorted()
        .flatMap(([objectId, { failure, uri }]) =>
          failure !== undefined && (after === undefined || objectId > after) ? [{ objectId, uri, failure }] : []
        )
        .slice(0, limit),
    reprocess: (objectIds) => {
      const failed = sorted().filter(
        ([objectId, { failure }]) => failure !== undefined && (objectIds === undefined || objectIds.includes(objectId))
      )
      for (const [objectId, row] of failed) rows.set(objectId, { ...row, failure: undefined })
      return failed.length
    }
  }
}
