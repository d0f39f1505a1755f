/** What the server can do: several connections, and nobody who looks at what comes. */
import { connect } from "node:net"
import { contender } from "../Contender.ts"

const connections = 4

contender(async ({ addresses: { s3 }, size }) => {
  const { hostname, port } = new URL(s3.url)
  const pages = Math.ceil(size / 1000)
  let asked = 0
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname).setNoDelay()
      let left = 0
      const ask = () => {
        if (asked >= pages) return void socket.end(resolve)
        const token = asked++ * 1000
        socket.write(`GET /${s3.bucket}?list-type=2&continuation-token=${token} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
      }
      socket.on("data", (chunk: Buffer) => {
        let body = chunk.length
        if (left === 0) {
          const end = chunk.indexOf("\r\n\r\n")
          const [, length = "0"] = /content-length: (\d+)/i.exec(chunk.toString("latin1", 0, end)) ?? []
          left = Number(length)
          body -= end + 4
        }
        left -= body
        if (left === 0) ask()
      })
      socket.on("error", reject)
      ask()
    })
  await Promise.all(Array.from({ length: connections }, one))
  return { units: size }
})
