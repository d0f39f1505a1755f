import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Exit } from "effect"
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

  it.effect("is 1 for an error that was explained, after its message alone was printed", () =>
    Effect.gen(function* () {
      const printed: Array<unknown> = []
      const console = { ...globalThis.console, error: (text: unknown) => printed.push(text) }
      const exit = yield* Effect.exit(
        Teardown.explain(new Error("the bucket is not there")).pipe(Effect.provideService(Console.Console, console))
      )
      assert.deepStrictEqual(printed, ["the bucket is not there"])
      assert.strictEqual(codeOf(Teardown.bySignal(), exit), 1)
    })
  )
})
