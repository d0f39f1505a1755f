/** All of them, in the order in which they are run. */
import type { Benchmark } from "./Benchmark.ts"
import { list } from "./list/benchmarks.ts"
import { load } from "./load/benchmarks.ts"

export const benchmarks: ReadonlyArray<Benchmark> = [...list, ...load]
