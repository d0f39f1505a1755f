import { assert, describe, it } from "@effect/vitest"
import { runInNewContext } from "node:vm"
import * as Garbage from "../../src/internal/garbage.ts"

const mebibyte = 1024 ** 2
const chunk = 64 * 1024

describe("content that went by", () => {
  it("does not pile up", () => {
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    for (let read = 0; read < 256 * mebibyte; read += chunk) {
      const bytes = new Uint8Array(chunk)
      Garbage.pass(bytes.length)
      most = Math.max(most, process.memoryUsage().arrayBuffers)
    }
    assert.isBelow(most - before, 32 * mebibyte)
  })

  it("shows nobody the collector that it uses", () => {
    Garbage.pass(16 * mebibyte)
    assert.isUndefined(globalThis.gc)
    assert.strictEqual(runInNewContext("typeof gc"), "undefined")
  })
})
