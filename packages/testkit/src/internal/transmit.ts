/** Sends an answer, with whatever is to go wrong on the way. */
import type { ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { setTimeout as wait } from "node:timers/promises"
import type { Body } from "./body.ts"
import type { Disruption } from "./transport.ts"

/** An answer: a status, headers, and a stretch of a body. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body | undefined
  readonly from: number
  readonly to: number
}

/** Pieces of a body in which faults strike: the wrong byte, and the place where it is cut. */
async function* pieces(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  total: number,
  end: number,
  { bytesPerSecond, corruptAt }: Disruption
): AsyncGenerator<Uint8Array> {
  const wrong = corruptAt === undefined ? -1 : Math.min(total - 1, Math.floor(total * corruptAt))
  const most = bytesPerSecond === undefined ? Infinity : Math.max(1, Math.floor(bytesPerSecond / 20))
  let at = 0
  for await (const whole of content instanceof Uint8Array ? [content] : content) {
    for (let from = 0; from < whole.byteLength && at < end;) {
      let piece = whole.subarray(from, Math.min(whole.byteLength, from + Math.min(most, end - at)))
      if (wrong >= at && wrong < at + piece.byteLength) {
        piece = Uint8Array.from(piece)
        piece[wrong - at] = (piece[wrong - at] ?? 0) ^ 0xff
      }
      if (bytesPerSecond !== undefined) {
        await wait((piece.byteLength / bytesPerSecond) * 1000, undefined, { ref: false })
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

const isWhole = ({ bytesPerSecond, corruptAt, cut, lengthOff }: Disruption): boolean =>
  cut === undefined && corruptAt === undefined && bytesPerSecond === undefined && lengthOff === 0

// RFC 9110, section 8.6: what has no content by its status says no length.
const withoutLength = new Set([204, 304])

/** Sends an answer; fails when the client goes away. */
export const transmit = async (
  response: ServerResponse,
  { body, from, headers, status, to }: Answer,
  disruption: Disruption | undefined
): Promise<void> => {
  if (body === undefined) {
    // The answer to a HEAD says the length of a body that it has not.
    response.writeHead(status, { ...(withoutLength.has(status) ? {} : { "content-length": "0" }), ...headers })
    response.end()
    return
  }
  const length = to - from
  const stated = Math.max(0, length + (disruption?.lengthOff ?? 0))
  const content = body.read(from, to)
  response.writeHead(status, { ...headers, "content-length": stated })
  if (disruption === undefined || isWhole(disruption)) {
    if (content instanceof Uint8Array) response.end(content)
    else await pipeline(content, response)
    return
  }
  response.flushHeaders()
  const { cut } = disruption
  const end = Math.min(stated, cut === undefined ? length : Math.floor(length * cut.at))
  for await (const piece of pieces(content, length, end, disruption)) await written(response, piece)
  if (end === stated) response.end()
  else if (cut?.how === "reset") response.socket?.resetAndDestroy()
  else response.socket?.end()
}
