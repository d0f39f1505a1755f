/** What the tests share: a stand-in and a client of it, and servers that are not Google's. */
import { Observer } from "@sluice/core"
import { DriveStandIn } from "@sluice/testkit/drive"
import { Duration, Effect, Fiber, type Layer } from "effect"
import { TestClock } from "effect/testing"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Credentials, Drive, type DriveOptions } from "../src/index.ts"

/** Quick retries: the stand-in recovers at once. */
export const retry = {
  base: Duration.millis(1),
  cap: Duration.millis(5),
  maxAttempts: 5,
  maxElapsed: Duration.seconds(10)
}

/** How the stand-in is reached. */
export const reach = (drive: DriveStandIn.DriveStandIn, options: DriveOptions.Options = {}): DriveOptions.Options => ({
  endpoint: drive.url,
  tokenEndpoint: drive.tokenUrl,
  credentials: Credentials.ServiceAccount({ key: { json: drive.serviceAccount.keyJson } }),
  retry,
  ...options
})

/** The same as a user of the domain: all that is theirs is there. */
export const asUser = (drive: DriveStandIn.DriveStandIn): Credentials.Credentials =>
  Credentials.OAuth({
    clientId: drive.oauth.clientId,
    clientSecret: drive.oauth.clientSecret,
    refreshToken: drive.oauth.refreshToken
  })

/** A stand-in, and a client of it as a layer: the user's, whose files are there. */
export const standIn = (options: DriveOptions.Options = {}, server: DriveStandIn.Options = {}) =>
  Effect.map(DriveStandIn.make(server), (drive) => ({
    drive,
    live: Drive.layer(reach(drive, { credentials: asUser(drive), ...options }))
  }))

/** The names of all files. */
export const names = <E>(live: Layer.Layer<Drive, E>) =>
  Drive.use((drive) => drive.listFiles({ pageSize: 100, fields: "files(id,name)" })).pipe(
    Effect.map(({ files }) => files.map(({ name }) => name)),
    Effect.provide(live)
  )

/** How many requests there were of each operation. */
export const counted = (drive: DriveStandIn.DriveStandIn) => drive.requestsByOperation

interface Served {
  readonly url: string
  readonly server: Server
  readonly open: Effect.Effect<number>
}

/** A server of one's own; `open` is how many connections it has. */
export const serve = (listener: (request: IncomingMessage, response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.callback<Served>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () =>
        resume(
          Effect.succeed({
            // A server that listens on TCP has an address with a port.
            url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
            server,
            open: Effect.callback<number>(
              (resume) => void server.getConnections((_, count) => resume(Effect.succeed(count)))
            )
          })
        )
      )
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

/** Answers everything, and gives an access token to everybody. */
export const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
  serve((request, response) => {
    if (request.url === "/token") response.end(JSON.stringify({ access_token: "ya29.token", expires_in: 3600 }))
    else response.writeHead(status, headers).end(body)
  })

const soon = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Waits for what happens outside of Effect, whatever the clock says. */
export const until = <E, R>(happened: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  happened.pipe(
    Effect.tap(() => soon),
    Effect.repeat({ until: (done) => done }),
    Effect.asVoid
  )

/**
 * Runs the effect while the test's clock stands still, but for the waits that it announces: those pass at once. Answers
 * the waits, in milliseconds.
 */
export const waits = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const announced: Array<number> = []
    let passed = 0
    const fiber = yield* effect.pipe(
      Effect.provideService(Observer.Observer, {
        ...Observer.silent,
        request: () => {},
        retried: () => {},
        waited: (_, duration) => announced.push(Duration.toMillis(duration))
      }),
      Effect.forkChild({ startImmediately: true })
    )
    yield* until(
      Effect.gen(function* () {
        const next = announced[passed]
        if (next !== undefined) {
          passed++
          yield* soon
          yield* TestClock.adjust(next)
        }
        return fiber.pollUnsafe() !== undefined
      })
    )
    yield* Fiber.join(fiber)
    return announced
  })
