/**
 * One request, made as often as it takes: when its turn has come, with an access token that holds, within its time, and
 * again where that may help.
 */
import { Observer, Retry } from "@sluice/core"
import { type Duration, Effect, Option, Redacted } from "effect"
import { classify, type DriveError, type Target } from "../DriveError.ts"
import type { Budget } from "./budget.ts"
import type { Tokens } from "./tokens.ts"

/** Sends it, with headers that authorize it. */
export type Send<A> = (signal: AbortSignal, authorization: Readonly<Record<string, string>>) => Promise<A>

export type Exchange = <A>(target: Target, send: Send<A>) => Effect.Effect<A, DriveError>

export interface Options {
  readonly budget: Budget
  /** `undefined` where whoever sends the request authorizes it in a way of his own. */
  readonly tokens: Tokens | undefined
  readonly retry: Retry.Policy
  /** Until `send` has its answer. */
  readonly requestTimeout: Duration.Duration
}

export const make = ({ budget, requestTimeout, retry, tokens }: Options): Exchange => {
  const once = <A>(target: Target, send: Send<A>, departs: () => void): Effect.Effect<A, DriveError> =>
    Effect.gen(function* () {
      const authorization = tokens === undefined ? undefined : yield* tokens.authorization
      departs()
      return yield* Effect.tryPromise({
        try: (signal) => send(signal, authorization === undefined ? {} : Redacted.value(authorization)),
        catch: (thrown) => classify(thrown, target)
      }).pipe(
        Effect.timeoutOrElse({
          duration: requestTimeout,
          orElse: () => Effect.fail(classify({ name: "TimeoutError" }, target))
        }),
        Effect.tapError((error) =>
          error.status === 401 && tokens !== undefined && authorization !== undefined
            ? tokens.refused(authorization)
            : Effect.void
        )
      )
    })

  return Effect.fnUntraced(function* (target, send) {
    const observer = yield* Observer.Observer
    const traffic = { role: "source", operation: target.operation } as const
    const departs = () => observer.request(traffic)
    const asked = new Map<DriveError, Duration.Duration>()
    const attempt = once(target, send, departs).pipe(
      // A token may have been revoked before its time; another one tells whether it was that.
      Effect.catch((error) => {
        if (error.status !== 401 || error.operation === "token" || tokens === undefined) return Effect.fail(error)
        observer.retried(traffic)
        return once(target, send, departs)
      })
    )
    return yield* attempt.pipe(
      budget.spend(
        (error: DriveError) => error.retrying === "slow-down",
        (duration) => observer.waited(traffic, duration)
      ),
      Effect.tapError((error) =>
        Effect.map(
          Retry.retryAfter(error.retryAfter),
          Option.map((after) => asked.set(error, after))
        )
      ),
      Retry.retry(
        retry,
        (error) => (error.retrying === "never" ? Retry.stop : Retry.again(asked.get(error))),
        (_, delay) =>
          Effect.sync(() => {
            observer.retried(traffic)
            observer.waited(traffic, delay)
          })
      )
    )
  })
}
