/**
 * What every ledger must do. A ledger's test calls `ledgerContract` with its layer.
 */
import { it } from "@effect/vitest"
import type { Ledger } from "@sluice/core"
import { Effect, type Layer } from "effect"
import { comparing } from "./ledger/comparing.ts"
import { deadLetters } from "./ledger/deadLetters.ts"
import { processing } from "./ledger/processing.ts"
import { runs } from "./ledger/runs.ts"
import type { Test } from "./ledger/said.ts"
import { sending } from "./ledger/sending.ts"
import { state } from "./ledger/state.ts"
import { sweeps } from "./ledger/sweeps.ts"

/** Registers the suite. Every test has a ledger of its own, made by the layer: an empty one. */
export const ledgerContract = <E>(name: string, layer: Layer.Layer<Ledger.Ledger, E>): void => {
  const test: Test = (title, body) =>
    it.live(`${name} ${title}`, () => body().pipe(Effect.scoped, Effect.provide(layer)))
  state(test)
  comparing(test)
  sweeps(test)
  sending(test)
  deadLetters(test)
  processing(test)
  runs(test)
}
