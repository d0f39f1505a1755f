/** Requests of Mixpeek, raw. */
import { Pool } from "undici"
import type { Addresses } from "../servers/main.ts"

export const client = ({ apiKey, bucket, namespace, url }: Addresses["mixpeek"], connections: number) => {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const headers = {
    authorization: `Bearer ${apiKey}`,
    "x-namespace": namespace,
    "content-type": "application/json"
  }
  /** Posts JSON to the bucket, and reads the answer. */
  const post = async (path: string, body: string): Promise<string> => {
    const answer = await pool.request({ method: "POST", path: `/v1/buckets/${bucket}/${path}`, headers, body })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`)
    return text
  }
  return { pool, post }
}

/** Work that goes on beside, so much at a time. */
export const hands = (most: number) => {
  const busy = new Set<Promise<void>>()
  return {
    /** Goes on when there is a hand for it. */
    take: async (work: () => Promise<void>): Promise<void> => {
      while (busy.size >= most) await Promise.race(busy)
      const done = work().finally(() => busy.delete(done))
      busy.add(done)
    },
    rest: async (): Promise<void> => {
      await Promise.all(busy)
    }
  }
}
