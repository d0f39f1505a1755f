/** All of them, in the order in which they are run. */
import type { Benchmark } from "./Benchmark.ts"
import { drive } from "./drive/benchmarks.ts"
import { limited } from "./limited/benchmarks.ts"
import { list } from "./list/benchmarks.ts"
import { load } from "./load/benchmarks.ts"
import { memory } from "./memory/benchmarks.ts"
import { startup } from "./startup/benchmarks.ts"
import { unchanged } from "./unchanged/benchmarks.ts"

export const benchmarks: ReadonlyArray<Benchmark> = [
  ...list,
  ...load,
  ...unchanged,
  ...limited,
  ...memory,
  ...drive,
  ...startup
]
