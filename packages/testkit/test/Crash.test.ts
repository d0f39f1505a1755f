import { assert, describe, it } from "@effect/vitest"
import * as Crash from "@sluice/testkit/crash"
import { Effect } from "effect"

const endless: Crash.Program = { args: ["-e", "setInterval(() => {}, 1000)"], env: {} }

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe("Crash", () => {
  it.live("tells how a program ended that was left alone", () =>
    Effect.gen(function* () {
      const program = { args: ["-e", "console.log('out'); console.error('err'); process.exitCode = 3"], env: {} }
      assert.deepStrictEqual(yield* Crash.run(program, Effect.never), {
        _tag: "Exited",
        code: 3,
        stdout: "out\n",
        stderr: "err\n"
      })
    })
  )

  it.live("kills a program when the instant has come", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Crash.run(endless, Effect.void), { _tag: "Killed" })
    })
  )

  it.live("lets the instant look at the process, which is gone afterwards", () =>
    Effect.gen(function* () {
      let seen = 0
      const look = (pid: number) =>
        Effect.sync(() => {
          seen = pid
          assert.isTrue(isAlive(pid))
        })
      assert.deepStrictEqual(yield* Crash.run(endless, look), { _tag: "Killed" })
      assert.isFalse(isAlive(seen))
    })
  )
})
