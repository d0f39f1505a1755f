/**
 * Time that passes only while nothing is on the wire: what is measured is how requests are spaced, and not this machine. For programs
 * with a real server under a `TestClock`.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Fiber, Layer } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

/** A client that is listened to, and what runs with it while time passes. */
export interface QuietTime {
  /** The client that programs are to use: requests by another one do not hold time up. */
  readonly layer: Layer.Layer<HttpClient.HttpClient>
  /** Runs to the end; the `TestClock` goes on by 50 milliseconds whenever the wire was quiet for 12 turns of the event loop. */
  readonly passing: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** One turn of the event loop, in which sockets are read. */
const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const quietTurns = 12
const step = "50 millis"

/** A wire of its own. */
export const make = (): QuietTime => {
  let moved = 0
  const layer = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.transform(client, (send) => {
        moved++
        return Effect.ensuring(
          send,
          Effect.sync(() => moved++)
        )
      })
    )
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
  const passing: QuietTime["passing"] = (effect) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(effect)
      while (fiber.pollUnsafe() === undefined) {
        for (let quiet = 0, before = moved; quiet < quietTurns; quiet++) {
          yield* turn
          if (moved !== before) quiet = 0
          before = moved
        }
        yield* TestClock.adjust(step)
      }
      return yield* Fiber.join(fiber)
    })
  return { layer, passing }
}
