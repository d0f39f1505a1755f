/** Failures without a word of Google's: of names, connections, certificates, proxies. */
import type { Target } from "../DriveError.ts"
import type { Said } from "./thrown.ts"
import {
  changed,
  denied,
  misconfigured,
  stalePosition,
  subject,
  tooFast,
  unauthorized,
  unavailable,
  type Verdict
} from "./verdict.ts"

/** The option that says where the request went. */
const whereTo = ({ operation }: Target): string => {
  if (operation === "token") return "`tokenEndpoint`"
  return operation === "link" ? "the way to Google's download servers" : "`endpoint`"
}

export const byCode = (code: string, target: Target): Verdict | undefined => {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return unavailable(`the name of the server cannot be resolved: check ${whereTo(target)} and DNS`)
    case "ECONNREFUSED":
      return unavailable(`the server refuses connections: check ${whereTo(target)}, its port, and that it runs`)
    case "ETIMEDOUT":
    case "TimeoutError":
      return unavailable(
        `no answer in time, also after several attempts: check the network, ${whereTo(target)}, \`connectTimeout\` and \`requestTimeout\``
      )
    case "ECONNRESET":
    case "EPIPE":
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
    case "ENETUNREACH":
    case "ENETDOWN":
    case "ECONNABORTED":
    case "ERR_STREAM_PREMATURE_CLOSE":
      return unavailable(
        `the connection failed (${code}), also after several attempts: check the network and ${whereTo(target)}`
      )
    default:
      return /CERT|SSL|TLS|SELF_SIGNED|EPROTO/.test(code)
        ? misconfigured(
            `the server's TLS certificate or protocol is not accepted (${code}): check ${whereTo(target)} and the trusted certificates`
          )
        : undefined
  }
}

export const byStatus = (status: number, target: Target, { text }: Said): Verdict => {
  if (status === 429) return tooFast("the server asks to slow down (429), also after waiting: run again later")
  if (status === 403 && /automated quer/i.test(text)) {
    return tooFast("Google takes these requests for an attack (403), also after waiting: run again later, more slowly")
  }
  if (status === 408 || status >= 500) {
    return unavailable(
      `the server answers ${status}, also after several attempts: check ${whereTo(target)}, run again later`
    )
  }
  if (status === 407) return misconfigured("a proxy on the way asks for credentials (407): check the proxy settings")
  if (status === 412 || status === 416) return changed(`${subject(target)} is no longer in the state it was listed in`)
  if (status === 410 && target.operation === "changes.list") return stalePosition(target)
  if (target.operation === "link") {
    return status === 404 || status === 410
      ? changed(`the address to download ${subject(target)} from is no longer valid: read it again`)
      : denied("no-permission", `Google's download server refuses ${subject(target)} (${status})`)
  }
  if (status === 401) {
    return unauthorized(
      "the server does not accept the access token (401), nor a new one: check `credentials` and `endpoint`"
    )
  }
  if (status < 300) {
    return misconfigured(
      `the server answers something that is not Google Drive's: check ${whereTo(target)}, and what stands in between`
    )
  }
  if (status < 400) {
    return misconfigured(
      `the server sends somewhere else (${status}): check ${whereTo(target)}, and what stands in between`
    )
  }
  return misconfigured(
    `the request is refused (${status}), and not by Google: check ${whereTo(target)}, and what stands in between`
  )
}
