/**
 * `Retry-After`: how it is written, and whether it is obeyed.
 */
import { hash } from "node:crypto"
import type { RetryAfterForm } from "./Settings.ts"

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

const forms = ["seconds", "imf-fixdate", "rfc850", "asctime", "absent"] as const

/** A header value, and the time it allows the next request at. */
export interface RetryAfter {
  readonly value: string
  readonly allowedAt: number
}

/** The three forms of RFC 9110, section 5.6.7. */
const httpDate = (form: "imf-fixdate" | "rfc850" | "asctime", millis: number): string => {
  const date = new Date(millis)
  const fixdate = date.toUTCString()
  if (form === "imf-fixdate") return fixdate
  const [, day = "", month = "", year = "", time = ""] = fixdate.split(" ")
  return form === "rfc850"
    ? `${days[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`
    : `${fixdate.slice(0, 3)} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`
}

/** Rounded up to whole seconds, as the header has no smaller unit; undefined where the header is left out. */
export const retryAfter = (
  form: RetryAfterForm,
  now: number,
  at: number,
  draw: () => number
): RetryAfter | undefined => {
  const chosen = form === "mixed" ? (forms[Math.floor(draw() * forms.length)] ?? "seconds") : form
  if (chosen === "absent") return undefined
  if (chosen === "seconds") {
    const seconds = Math.max(1, Math.ceil((at - now) / 1000))
    return { value: String(seconds), allowedAt: now + seconds * 1000 }
  }
  const second = Math.ceil(Math.max(at, now + 1) / 1000) * 1000
  return { value: httpDate(chosen, second), allowedAt: second }
}

/** A timer may fire up to a millisecond before a clock that counts whole ones has got there. */
const timerError = 1

interface Wait {
  readonly allowedAt: number
  readonly toldAt: number
  readonly bodies: ReadonlySet<string>
  readonly excused: WeakSet<object>
}

/** What a request is judged by. */
export interface Arrival {
  /** When its first bytes came, in milliseconds since 1970. */
  readonly at: number
  readonly body: Uint8Array
  /** The connection it came on. */
  readonly connection: object
}

/** Who was told to wait for what, by account (key and category). */
export interface Waits {
  readonly tell: (account: string, now: number, allowedAt: number, body: Uint8Array) => void
  /** What this request should have waited for. */
  readonly breach: (account: string, arrival: Arrival) => Pick<Wait, "allowedAt" | "toldAt"> | undefined
}

const print = (body: Uint8Array) => hash("sha1", body, "base64")

/**
 * A client cannot obey what it has not read yet: within `reaction` milliseconds of being told to wait, each connection
 * is excused one request, as it was on its way already. One that repeats a refused request never is.
 */
export const make = (reaction: number): Waits => {
  const waits = new Map<string, Wait>()
  return {
    tell: (account, now, allowedAt, body) => {
      const before = waits.get(account)
      const current = before !== undefined && before.allowedAt > now ? before : undefined
      waits.set(account, {
        allowedAt: Math.max(allowedAt, current?.allowedAt ?? 0),
        toldAt: current?.toldAt ?? now,
        bodies: new Set([...(current?.bodies ?? []), print(body)]),
        excused: current?.excused ?? new WeakSet()
      })
    },
    breach: (account, { at, body, connection }) => {
      const wait = waits.get(account)
      if (wait === undefined || at < wait.toldAt || at >= wait.allowedAt - timerError) return undefined
      const onItsWay = at - wait.toldAt <= reaction && !wait.excused.has(connection) && !wait.bodies.has(print(body))
      if (!onItsWay) return wait
      wait.excused.add(connection)
      return undefined
    }
  }
}
