/** What the servers can do: files are read and thrown away, and others put, by somebody who looks at nothing. */
import { connect } from "node:net"
import { contender } from "../Contender.ts"
import { pattern } from "../servers/pattern.ts"
import { concurrencyOfFiles } from "./load.ts"

/** One request after the other on one connection. */
const exchange = (
  url: string,
  next: () => { readonly head: string; readonly body: boolean } | undefined,
  bytes: number
) =>
  new Promise<void>((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname).setNoDelay()
    let left = 0
    const ask = () => {
      const one = next()
      if (one === undefined) return void socket.end(resolve)
      socket.write(`${one.head}host: ${hostname}\r\n\r\n`)
      if (!one.body) return
      for (const chunk of pattern(bytes).chunks(0)) socket.write(chunk)
    }
    socket.on("data", (chunk: Buffer) => {
      let length = chunk.length
      if (left === 0) {
        const end = chunk.indexOf("\r\n\r\n")
        const [, announced = "0"] = /content-length: (\d+)/i.exec(chunk.toString("latin1", 0, end)) ?? []
        left = Number(announced)
        length -= end + 4
      }
      left -= length
      if (left === 0) ask()
    })
    socket.on("error", reject)
    ask()
  })

contender(async ({ addresses: { mixpeek, s3 }, options, size }) => {
  const inBytes = options["unit"] === "bytes"
  const bytes = inBytes ? size : 4096
  const files = inBytes ? 4 : size
  const key = `archive/${inBytes ? "all" : "000000"}/document-000000000.pdf`
  const times = (head: string, body: boolean) => {
    let left = files
    const hands = inBytes ? 4 : concurrencyOfFiles / 2
    const next = () => (left-- > 0 ? { head, body } : undefined)
    return Array.from({ length: hands }, () => exchange(body ? mixpeek.url : s3.url, next, bytes))
  }
  await Promise.all([
    ...times(`GET /${s3.bucket}/${key} HTTP/1.1\r\n`, false),
    ...times(`PUT /put/upl_1 HTTP/1.1\r\ncontent-length: ${bytes}\r\n`, true)
  ])
  return { units: inBytes ? files * bytes : files }
})
