import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** What takes minutes begins first, so that nothing else waits for it at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>) {
    const rank = ({ moduleId }: TestSpecification) =>
      moduleId.includes("/crash/")
        ? 0
        : moduleId.includes(".integration.")
          ? 1
          : moduleId.includes("/examples/")
            ? 2
            : 3
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "benchmarks/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(process.env["INTEGRATION"] === "1" ? [] : ["**/*.integration.test.ts"])],
    // Files share the modules they import: a third of the time. No test leaves module state behind that another reads.
    isolate: false,
    // One for each core, where vitest leaves one core to itself: many tests wait for servers and for processes of their own.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
