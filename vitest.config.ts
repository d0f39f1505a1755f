import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(process.env["INTEGRATION"] === "1" ? [] : ["**/*.integration.test.ts"])],
    // Files share the modules they import: a third of the time. No test leaves module state behind that another reads.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
