/** A way to a server that can be broken: cut off, or silent without anybody being told. */
import { Effect } from "effect"
import { connect, createServer, type Socket } from "node:net"

export interface Proxy {
  readonly port: number
  /** From here on nothing comes through, and nobody is told. */
  readonly silence: Effect.Effect<void>
  /** What was held back comes through, and whatever follows. */
  readonly speak: Effect.Effect<void>
  /** Ends all connections; new ones are refused. */
  readonly cut: Effect.Effect<void>
}

/** To a port of this machine, until the scope closes. */
export const proxy = (to: number) =>
  Effect.acquireRelease(
    Effect.callback<Proxy & { readonly close: Effect.Effect<void> }>((resume) => {
      const pairs = new Set<readonly [Socket, Socket]>()
      let isSilent = false
      const sockets = () => [...pairs].flat()
      const server = createServer((near) => {
        const far = connect(to, "127.0.0.1")
        const pair = [near, far] as const
        pairs.add(pair)
        for (const socket of pair) {
          socket.on("error", () => {})
          socket.on("close", () => {
            pairs.delete(pair)
            for (const other of pair) other.destroy()
          })
        }
        near.pipe(far)
        far.pipe(near)
        if (isSilent) for (const socket of pair) socket.pause()
      })
      const cut = Effect.sync(() => {
        server.close()
        for (const socket of sockets()) socket.destroy()
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(
          Effect.succeed({
            port: typeof address === "object" && address !== null ? address.port : 0,
            silence: Effect.sync(() => {
              isSilent = true
              for (const socket of sockets()) socket.pause()
            }),
            speak: Effect.sync(() => {
              isSilent = false
              for (const socket of sockets()) socket.resume()
            }),
            cut,
            close: cut
          })
        )
      })
    }),
    ({ close }) => close
  )
