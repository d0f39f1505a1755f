/**
 * Google's own host names in front of a stand-in: an HTTPS proxy with a certificate authority of its own, for clients that
 * cannot be told another address.
 */
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TLSSocket } from "node:tls"
import { promisify } from "node:util"

const run = promisify(execFile)

const hosts = ["www.googleapis.com", "oauth2.googleapis.com"]

/** A folder that goes with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sluice-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

/** An authority, and a certificate of its for Google's hosts. */
const certify = async (folder: string) => {
  const at = (name: string) => join(folder, name)
  const openssl = (...options: ReadonlyArray<string>) => run("openssl", [...options])
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout"]
  await openssl("req", "-x509", ...key, at("ca.key"), "-out", at("ca.pem"), "-days", "2", "-subj", "/CN=Sluice tests")
  await openssl("req", ...key, at("host.key"), "-out", at("host.csr"), "-subj", `/CN=${hosts[0]}`)
  await writeFile(at("host.ext"), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}\n`)
  const authority = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"]
  const request = ["-req", "-in", at("host.csr"), "-extfile", at("host.ext"), "-days", "2"]
  await openssl("x509", ...request, ...authority, "-out", at("host.pem"))
  return { authority: at("ca.pem"), key: await readFile(at("host.key")), cert: await readFile(at("host.pem")) }
}

/** What a program needs to take the stand-in for Google. */
export interface GoogleProxy {
  /** `http://127.0.0.1:<port>`, for `HTTPS_PROXY`. */
  readonly url: string
  /** Path of the authority's certificate. */
  readonly authority: string
}

/** Starts a proxy that answers for Google's hosts with the stand-in, and for no others. */
export const googleProxy = (google: DriveStandIn.DriveStandIn) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const { authority, cert, key } = yield* Effect.promise(() => certify(folder))
    const port = Number(new URL(google.url).port)
    const sockets = new Set<Socket>()
    const kept = <A extends Socket>(socket: A): A => {
      sockets.add(socket)
      // A client that goes away is no failure of the proxy's.
      return socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket))
    }
    const server = createServer()
    server.on("connect", ({ url = "" }, socket: Socket) => {
      kept(socket)
      if (!hosts.some((host) => url === `${host}:443`)) {
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
        return
      }
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
      const secure = kept(new TLSSocket(socket, { isServer: true, cert, key, ALPNProtocols: ["http/1.1"] }))
      const inner = kept(connect(port, "127.0.0.1"))
      secure.pipe(inner).pipe(secure)
    })
    const own = yield* Effect.acquireRelease(
      Effect.callback<number>((resume) => {
        // A server that listens on TCP has an address with a port.
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
    return { url: `http://127.0.0.1:${own}`, authority } satisfies GoogleProxy
  })
