import { it } from "@effect/vitest"
import { killed } from "./killed.ts"

it.live(
  "a run that is killed again and again, while files change and answers are lost, loses and doubles nothing",
  () => killed({ runs: 10, seed: 20, uploads: false, processing: false }),
  900_000
)
