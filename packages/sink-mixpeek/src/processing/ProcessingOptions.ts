/**
 * What becomes of objects once they are there, checked without looking outside.
 */
import { Duration, Option, Result } from "effect"
import { Misconfigured } from "../Misconfigured.ts"

/** Objects of a run are put together into processing batches, and their results end up in the report. */
export interface BatchOptions {
  readonly mode: "batch"
  /** Objects in a batch, 1 to 10,000; default 1,000. */
  readonly batchSize?: number | undefined
  /** From one submission to the next, at least; default 60 seconds. */
  readonly every?: Duration.Input | undefined
  /**
   * How long a run that has submitted everything waits for results: `true` (default), to their end; `false`, not at all; or at most
   * so long. What has no result by then is heard of by the next run.
   */
  readonly wait?: boolean | Duration.Input | undefined
  /** How often failures that may pass are tried again, 0 to 10; default 2. */
  readonly retryTransient?: number | undefined
}

/**
 * What becomes of objects once they are there.
 *
 * - `none` (default): nothing by Sluice.
 * - `auto`: Mixpeek processes what each request creates (`auto_process`); nobody is told what becomes of that.
 * - `batch`: see `BatchOptions`.
 */
export type Options = "none" | "auto" | "batch" | { readonly mode: "none" | "auto" } | BatchOptions

/** Batches, by options that hold. */
export interface Batching {
  readonly batchSize: number
  readonly every: Duration.Duration
  readonly wait: Duration.Duration
  readonly retryTransient: number
}

/** Options that hold. */
export type Settings =
  | { readonly mode: "none" }
  | { readonly mode: "auto" }
  | { readonly mode: "batch"; readonly batching: Batching }

const wrong = (field: string, problem: string, remedy: string) =>
  Result.fail(new Misconfigured({ field: `processing.${field}`, problem, remedy }))

const isWithin = (value: number, from: number, to: number) =>
  Number.isSafeInteger(value) && value >= from && value <= to

const waitOf = (wait: boolean | Duration.Input): Duration.Duration | undefined =>
  typeof wait === "boolean"
    ? wait
      ? Duration.infinity
      : Duration.zero
    : Option.getOrUndefined(Duration.fromInput(wait))

/** Settings, or what is wrong with the options. */
export const resolve = (options: Options = "none"): Result.Result<Settings, Misconfigured> => {
  const mode = typeof options === "string" ? options : options.mode
  if (mode === "none" || mode === "auto") return Result.succeed({ mode })
  // Whoever calls this from JavaScript may have written anything.
  if (mode !== "batch") return wrong("mode", `${JSON.stringify(mode)} is no mode`, 'Use "none", "auto" or "batch"')
  const batch: BatchOptions = typeof options === "object" && options.mode === "batch" ? options : { mode }
  const { batchSize = 1000, every = "60 seconds", retryTransient = 2, wait = true } = batch
  if (!isWithin(batchSize, 1, 10_000)) {
    return wrong("batchSize", `${batchSize} is not a whole number from 1 to 10,000`, "Leave it out for 1,000")
  }
  if (!isWithin(retryTransient, 0, 10)) {
    return wrong("retryTransient", `${retryTransient} is not a whole number from 0 to 10`, "Leave it out for 2")
  }
  const pace = Option.getOrUndefined(Duration.fromInput(every))
  if (pace === undefined || !Duration.isFinite(pace)) {
    return wrong("every", "not a finite duration", "Leave it out for 60 seconds")
  }
  const patience = waitOf(wait)
  if (patience === undefined) {
    return wrong("wait", "neither true, nor false, nor a duration", "Leave it out to wait for results")
  }
  return Result.succeed({ mode: "batch", batching: { batchSize, every: pace, wait: patience, retryTransient } })
}
