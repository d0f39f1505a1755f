import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import * as Teardown from "../src/Teardown.ts"

const codeOf = (teardown: ReturnType<typeof Teardown.bySignal>, exit: Exit.Exit<unknown, unknown>) => {
  const codes: Array<number> = []
  teardown(exit, (code) => codes.push(code))
  return codes[0]
}

describe("a program's exit code", () => {
  it("is 0 for success and 1 for an error, whatever was signalled", () => {
    const teardown = Teardown.bySignal()
    process.emit("SIGTERM")
    assert.strictEqual(codeOf(teardown, Exit.void), 0)
    assert.strictEqual(codeOf(teardown, Exit.fail("no")), 1)
  })

  it("is 130 after Ctrl-C and 143 after SIGTERM", () => {
    const afterSigint = Teardown.bySignal()
    process.emit("SIGINT")
    assert.strictEqual(codeOf(afterSigint, Exit.interrupt(1)), 130)
    const afterSigterm = Teardown.bySignal()
    process.emit("SIGTERM")
    assert.strictEqual(codeOf(afterSigterm, Exit.interrupt(1)), 143)
  })
})
