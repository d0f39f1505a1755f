/** Jobs of a sink, in memory: they end when they were looked at often enough, in the way a test says. */
import { Clock, Duration, Effect } from "effect"
import type * as Processing from "../../src/Processing.ts"
import * as Sink from "../../src/Sink.ts"

/** A job as the sink has it. */
export interface FakeJob {
  readonly id: string
  readonly objectIds: ReadonlyArray<string>
  /** When it was submitted, each time; milliseconds since 1970. */
  readonly submittedAt: Array<number>
  /** How often what failed began again. */
  retries: number
  looks: number
}

type Ended = Omit<Extract<Processing.Status, { readonly _tag: "Ended" }>, "_tag">

export const completed: Ended = { failed: [], unnamed: [], isTransient: false }

export const make = (
  options: Partial<Pick<Processing.Processing, "maxObjects" | "every" | "wait" | "retries">> & {
    /** How often a job is looked at before it is over. Default 1. */
    readonly looks?: number
    readonly ends?: (job: FakeJob) => Ended
    /** Why a job cannot begin. */
    readonly refusal?: Sink.SinkErrorReason
    /** Around each thing that is asked: what the test does to it. */
    readonly around?: <A, E>(
      operation: "create" | "submit" | "status" | "retry",
      effect: Effect.Effect<A, E>
    ) => Effect.Effect<A, E | Sink.SinkError>
  } = {}
) => {
  const { around = (_, effect) => effect, ends = () => completed, looks = 1, refusal } = options
  const jobs = new Map<string, FakeJob>()
  const create = (objectIds: ReadonlyArray<string>, mayExist: boolean) => {
    const before = [...jobs.values()].find(
      (job) => job.submittedAt.length === 0 && objectIds.every((id) => job.objectIds.includes(id))
    )
    if (mayExist && before !== undefined) return before.id
    const id = `job ${jobs.size + 1}`
    jobs.set(id, { id, objectIds, submittedAt: [], retries: 0, looks: 0 })
    return id
  }
  const status = (id: string): Processing.Status => {
    const job = jobs.get(id)
    if (job === undefined) return { _tag: "Missing" }
    if (job.submittedAt.length === 0) return { _tag: "Draft" }
    return job.looks++ < looks ? { _tag: "Running" } : { _tag: "Ended", ...ends(job) }
  }
  const processing: Processing.Processing = {
    maxObjects: options.maxObjects ?? 2,
    every: options.every ?? Duration.zero,
    wait: options.wait ?? Duration.infinity,
    retries: options.retries ?? 0,
    create: (objectIds, mayExist) =>
      around(
        "create",
        Effect.sync(() => create(objectIds, mayExist))
      ),
    submit: (id) =>
      around(
        "submit",
        Effect.gen(function* () {
          if (refusal !== undefined) {
            return yield* new Sink.SinkError({ sink: "fake", operation: "submit", reason: refusal, message: "no" })
          }
          const job = jobs.get(id)
          if (job === undefined || job.submittedAt.length > 0) return false
          job.submittedAt.push(yield* Clock.currentTimeMillis)
          return true
        })
      ),
    status: (id) =>
      around(
        "status",
        Effect.sync(() => status(id))
      ),
    retry: (id) =>
      around(
        "retry",
        Effect.sync(() => {
          const job = jobs.get(id)
          if (job === undefined) return false
          job.retries++
          job.looks = 0
          return true
        })
      )
  }
  return {
    processing,
    jobs,
    /** Objects of the jobs that were submitted, in the order of submission. */
    submitted: () =>
      [...jobs.values()].filter(({ submittedAt }) => submittedAt.length > 0).map(({ objectIds }) => objectIds)
  }
}
