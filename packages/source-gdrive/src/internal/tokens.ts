/**
 * The access token in use. It is asked for once, whoever needs it; renewed ahead of time by the first request of its
 * last minutes, which does not wait for that; and given up where Google refuses it.
 */
import { Observer } from "@sluice/core"
import { Clock, Effect, Redacted } from "effect"
import { classify, type DriveError } from "../DriveError.ts"
import type { Ask } from "./grant.ts"

/** Headers that authorize a request. */
export type Authorization = Redacted.Redacted<Readonly<Record<string, string>>>

export interface Tokens {
  readonly authorization: Effect.Effect<Authorization, DriveError>
  /** Google has refused it. Another one is asked for, unless somebody did meanwhile. */
  readonly refused: (authorization: Authorization) => Effect.Effect<void>
}

/** How long before its end a token is renewed: a tenth of its life, 5 minutes at most. */
const lead = (lifetime: number) => Math.min(300_000, lifetime / 10)
/** After a renewal ahead of time that failed, the next one is tried no sooner. */
const pause = 30_000

const traffic = { role: "source", operation: "token" } as const

interface Held {
  readonly authorization: Authorization
  readonly renewAt: number
  readonly endsAt: number
}

export const make = (ask: Ask): Tokens => {
  let held: Held | undefined
  let flight: Promise<Held> | undefined
  let asked = false
  let notBefore = 0

  /** Belongs to all who wait for it, so that none of them interrupts it. */
  const begin = (now: number, observer: Observer.Observer): Promise<Held> => {
    observer.request(traffic)
    notBefore = now + pause
    const begun = ask(asked)
      .then(({ headers, lifetime = Infinity }) => {
        asked = true
        held = {
          authorization: Redacted.make(headers),
          renewAt: now + lifetime - lead(lifetime),
          endsAt: now + lifetime
        }
        return held
      })
      .finally(() => {
        flight = undefined
      })
    flight = begun
    return begun
  }

  return {
    authorization: Effect.gen(function* () {
      const observer = yield* Observer.Observer
      const now = yield* Clock.currentTimeMillis
      if (held !== undefined && now < held.endsAt) {
        if (now >= held.renewAt && now >= notBefore && flight === undefined) {
          // Where it fails, whoever needs it when the old one has ended hears of it.
          begin(now, observer).catch(() => {})
        }
        return held.authorization
      }
      const { authorization } = yield* Effect.tryPromise({
        try: () => flight ?? begin(now, observer),
        catch: (thrown) => classify(thrown, { operation: "token" })
      })
      return authorization
    }),
    refused: (authorization) =>
      Effect.sync(() => {
        if (held?.authorization === authorization) held = undefined
      })
  }
}
