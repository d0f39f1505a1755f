/**
 * Connections to Google: HTTP/1.1, kept alive, through a proxy where the environment names one. Nothing of them is left
 * when the scope closes.
 */
import type { Source } from "@sluice/core"
import { Config, Effect, type Scope } from "effect"
import { Agent as PlainAgent, type AgentOptions } from "node:http"
import { Agent as SecureAgent } from "node:https"
import { Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { misconfigured } from "../DriveOptions.ts"

/** The agent for an address, as gaxios takes it. */
export type Sockets = (url: URL) => PlainAgent

const variables = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"] as const

/** `proxy:3128` is how many write it. */
const proxyUrl = (value: string): string | undefined => {
  const url = URL.parse(value.includes("://") ? value : `http://${value}`)
  return url?.protocol === "http:" || url?.protocol === "https:" ? url.href : undefined
}

/** What Node's agents take for the environment. This machine is never reached by way of a proxy. */
const proxies = Effect.gen(function* () {
  const proxyEnv: Record<string, string> = {}
  for (const name of variables) {
    const value = yield* Config.String(name).pipe(Effect.orElseSucceed(() => ""))
    if (value === "") continue
    const read = name.toLowerCase() === "no_proxy" ? value : proxyUrl(value)
    if (read === undefined) {
      return yield* misconfigured("gdrive", `${name} is not the address of a proxy: write it like http://proxy:3128`)
    }
    proxyEnv[name] = read
  }
  const direct = [proxyEnv["no_proxy"] ?? proxyEnv["NO_PROXY"] ?? [], "localhost", "127.0.0.1", "[::1]"]
  return { ...proxyEnv, no_proxy: direct.flat().join(",") }
})

/** Gives a connection up that does not stand in time; the system itself would try for minutes. */
const bounded = <A extends PlainAgent>(agent: A, milliseconds: number): A => {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback)
    if (socket instanceof Socket) {
      const giveUp = () => {
        socket.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" }))
      }
      socket.setTimeout(milliseconds, giveUp)
      socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", () => {
        socket.setTimeout(0)
        socket.off("timeout", giveUp)
      })
    }
    return socket
  }
  return agent
}

/** `connections` for each host; `connectTimeout` in milliseconds. */
export const make = Effect.fnUntraced(function* (options: {
  readonly connections: number
  readonly connectTimeout: number
}): Effect.fn.Return<Sockets, Source.SourceError, Scope.Scope> {
  const proxyEnv = yield* proxies
  const settings: AgentOptions = { keepAlive: true, maxSockets: options.connections, proxyEnv }
  const agents = yield* Effect.acquireRelease(
    Effect.sync(() => ({
      secure: bounded(new SecureAgent(settings), options.connectTimeout),
      plain: bounded(new PlainAgent(settings), options.connectTimeout)
    })),
    ({ plain, secure }) =>
      Effect.sync(() => {
        plain.destroy()
        secure.destroy()
      })
  )
  return (url) => (url.protocol === "http:" ? agents.plain : agents.secure)
})
