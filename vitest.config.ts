import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(process.env["INTEGRATION"] === "1" ? [] : ["**/*.integration.test.ts"])],
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
