/** A server on loopback, for as long as its scope. */
import { Effect, type Scope } from "effect"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { StandInError } from "./StandInError.ts"

/** Lets a server listen on 127.0.0.1, on a free port with 0, and gives its URL. Its connections end with the scope. */
export const listen = (server: Server, port = 0): Effect.Effect<string, StandInError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<string, StandInError>((resume) => {
      server.once("error", (cause) =>
        resume(
          Effect.fail(
            new StandInError({
              operation: "listen",
              message: `cannot listen on 127.0.0.1:${port}; give another port or none`,
              cause
            })
          )
        )
      )
      server.listen(port, "127.0.0.1", () =>
        // A server that listens on TCP has an address with a port.
        resume(Effect.succeed(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
      )
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
