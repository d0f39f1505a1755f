/**
 * Whether the API is up, or a storage. When several requests in a row were not answered as by one that works, nothing is sent any
 * more until a probe is.
 */
import { type Observer, Stopping } from "@sluice/core"
import { Clock, Data, Duration, Effect, type Exit, Schedule, Scope } from "effect"
import { CircuitBreaker } from "effect/persistence"

/** The API stayed down for as long as anybody waits for it. */
export class StillDown extends Data.TaggedError("StillDown")<{ readonly for: Duration.Duration }> {}

/** Nobody waits any more. */
export class Stopped extends Data.TaggedError("Stopped")<{}> {}

/** What an answer, or that there is none, says of the API. `neither`: something else went wrong. */
export type Health = "up" | "down" | "neither"

/** Requests of one key at its address, or to one storage. */
export interface Circuit {
  /**
   * Completes while the API is up; else waits for it, and tells how long, if it waited. One of those who wait sends the
   * probe, which changes nothing: after 1, 2, 4, 8, 16 and then every 30 seconds.
   */
  readonly whenUp: (options: {
    readonly probe: Effect.Effect<Health>
    readonly atMost: Duration.Duration
    readonly waited: (outage: Observer.Outage) => void
  }) => Effect.Effect<void, StillDown | Stopped>
  /** Runs a request and learns from it. `CircuitBreakerError`: it was not run, since the API is down by now. */
  readonly watch: <A, E, R>(
    request: Effect.Effect<A, E, R>,
    health: (exit: Exit.Exit<A, E>) => Health
  ) => Effect.Effect<A, E | CircuitBreaker.CircuitBreakerError, R>
}

/** Requests in a row that were not answered before nothing is sent any more. */
export const failuresInARow = 5

const betweenProbes = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])

/** While another one probes. */
const lookAgain = Duration.seconds(1)

const isOpened = (error: unknown): error is CircuitBreaker.CircuitBreakerError =>
  error instanceof CircuitBreaker.CircuitBreakerError

const make = Effect.map(
  CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(failuresInARow), openDuration: betweenProbes }),
  (breaker) => {
    const circuits = new Map<string, Circuit>()

    const circuit = (key: string): Circuit => {
      // An address at which nobody ever answered may be a wrong one: nobody waits for that.
      let wasUp = false
      let downSince: number | undefined
      /** Nothing has gone wrong since something went right: there is nothing to be asked, or to be told. */
      let isSound = true

      const outcomeOf = (health: Health) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if (health === "up") {
            wasUp = true
            downSince = undefined
            return CircuitBreaker.success
          }
          if (health === "neither" || !wasUp) return CircuitBreaker.ignored
          downSince ??= now
          isSound = false
          return CircuitBreaker.failure()
        })

      const told = <A, E, R>(request: Effect.Effect<A, E, R>, health: (exit: Exit.Exit<A, E>) => Health) =>
        breaker.execute(request, { key, classify: (exit) => outcomeOf(health(exit)) }).pipe(
          Effect.ensuring(
            Effect.map(Effect.orDie(breaker.state(key)), ({ _tag }) => {
              if (downSince === undefined) isSound = _tag === "Closed"
            })
          )
        )

      const watch: Circuit["watch"] = (request, health) =>
        Effect.suspend(() => {
          if (!isSound) return told(request, health)
          return Effect.flatMap(Effect.exit(request), (exit) => {
            const seen = health(exit)
            if (isSound && seen !== "down") {
              wasUp ||= seen === "up"
              return exit
            }
            // It was sent: that the circuit was opened meanwhile does not undo it.
            return Effect.catchIf(told(exit, health), isOpened, () => exit)
          })
        })

      const whenUp: Circuit["whenUp"] = Effect.fnUntraced(function* ({ atMost, probe, waited }) {
        if (isSound) return
        const waitedFrom = yield* Clock.currentTimeMillis
        const stopping = yield* Stopping.Stopping
        let since: number | undefined
        const pause = (duration: Duration.Duration) =>
          Effect.raceFirst(Effect.sleep(duration), Effect.andThen(stopping, new Stopped()))
        const wait = Effect.gen(function* () {
          while (true) {
            // Memory has no way to fail.
            const state = yield* Effect.orDie(breaker.state(key))
            if (state._tag === "Closed") return
            const now = yield* Clock.currentTimeMillis
            since ??= downSince ?? now
            const left = Duration.millis(waitedFrom + Duration.toMillis(atMost) - now)
            if (Duration.isLessThanOrEqualTo(left, Duration.zero)) {
              return yield* new StillDown({ for: Duration.millis(now - since) })
            }
            if (state._tag === "HalfOpen" && state.probing) yield* pause(Duration.min(lookAgain, left))
            else if (state._tag === "Open" && Duration.isGreaterThan(state.retryAfter, Duration.zero)) {
              yield* pause(Duration.min(state.retryAfter, left))
            } else {
              const ofProbe = (exit: Exit.Exit<Health>) => (exit._tag === "Success" ? exit.value : "neither")
              // Another one was faster.
              yield* Effect.ignore(told(probe, ofProbe))
            }
          }
        })
        yield* Effect.ensuring(
          wait,
          Effect.map(Clock.currentTimeMillis, (until) => {
            if (since !== undefined) waited({ since, waitedFrom, until })
          })
        )
      })

      return { watch, whenUp }
    }

    return (key: string): Circuit => {
      const known = circuits.get(key)
      if (known !== undefined) return known
      const made = circuit(key)
      circuits.set(key, made)
      return made
    }
  }
)

// As for rate limits: what is known of an API outlives layers and runtimes.
const ofThisProcess = Effect.runSync(
  Effect.cached(
    make.pipe(Effect.provide(CircuitBreaker.layerStoreMemory()), Effect.provideService(Scope.Scope, Scope.makeUnsafe()))
  )
)

/** The circuit of a key at its address (`Limits.keyId`), or of the origin of a storage; one in this process. */
export const of = (key: string): Effect.Effect<Circuit> => Effect.map(ofThisProcess, (circuits) => circuits(key))
