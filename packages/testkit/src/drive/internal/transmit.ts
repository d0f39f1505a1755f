/** Sends an answer, with whatever is to go wrong on the way. */
import type { ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { setTimeout as wait } from "node:timers/promises"
import type { Plan } from "./striking.ts"
import type { Answer } from "./work.ts"

/** Pieces of a body in which faults strike: the wrong byte, and the place where it is cut. */
async function* pieces(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  total: number,
  end: number,
  plan: Plan
): AsyncGenerator<Uint8Array> {
  const wrong = plan.corruptAt === undefined ? -1 : Math.min(total - 1, Math.floor(total * plan.corruptAt))
  const most = plan.bytesPerSecond === undefined ? Infinity : Math.max(1, Math.floor(plan.bytesPerSecond / 20))
  let at = 0
  for await (const whole of content instanceof Uint8Array ? [content] : content) {
    for (let from = 0; from < whole.byteLength && at < end;) {
      let piece = whole.subarray(from, Math.min(whole.byteLength, from + Math.min(most, end - at)))
      if (wrong >= at && wrong < at + piece.byteLength) {
        piece = Uint8Array.from(piece)
        piece[wrong - at] = (piece[wrong - at] ?? 0) ^ 0xff
      }
      if (plan.bytesPerSecond !== undefined) {
        await wait((piece.byteLength / plan.bytesPerSecond) * 1000, undefined, { ref: false })
      }
      yield piece
      at += piece.byteLength
      from += piece.byteLength
    }
    if (at >= end) return
  }
}

const written = (response: ServerResponse, piece: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    if (response.destroyed) return reject(new Error("the client is gone"))
    response.write(piece, (error) => (error ? reject(error) : resolve()))
  })

const isWhole = (plan: Plan): boolean =>
  plan.cut === undefined && plan.corruptAt === undefined && plan.bytesPerSecond === undefined && plan.lengthOff === 0

/** Sends an answer; fails when the client goes away. */
export const transmit = async (response: ServerResponse, answer: Answer, plan: Plan | undefined): Promise<void> => {
  const length = answer.to - answer.from
  const content = answer.body.read(answer.from, answer.to)
  if (plan === undefined || isWhole(plan)) {
    response.writeHead(answer.status, { ...answer.headers, "content-length": length })
    if (content instanceof Uint8Array) response.end(content)
    else await pipeline(content, response)
    return
  }
  const stated = Math.max(0, length + plan.lengthOff)
  response.writeHead(answer.status, { ...answer.headers, "content-length": stated })
  response.flushHeaders()
  const end = Math.min(stated, plan.cut === undefined ? length : Math.floor(length * plan.cut.at))
  for await (const piece of pieces(content, length, end, plan)) await written(response, piece)
  if (end === stated) response.end()
  else if (plan.cut?.how === "reset") response.socket?.resetAndDestroy()
  else response.socket?.end()
}
