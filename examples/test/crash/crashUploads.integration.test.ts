/** In a file of its own: files are run side by side. */
import { it } from "@effect/vitest"
import { killed } from "./killed.ts"

it.live(
  "a run that uploads, and has objects processed, forgets none of them, and leaves nothing behind that could be taken back",
  () => killed({ runs: 10, seed: 21, uploads: true, processing: true }),
  900_000
)
