/**
 * Requests a key may make, by category, and requests at the same time.
 */
import { Duration } from "effect"

/** The API's five categories of endpoints. Objects are `data`. */
export type Category = "metadata" | "data" | "search" | "upload" | "compute"

export const categories: ReadonlyArray<Category> = ["metadata", "data", "search", "upload", "compute"]

/** So many requests in a window that starts with its first request, or a bucket of tokens refilled evenly. */
export interface Rate {
  readonly requests: number
  /** One minute by default. */
  readonly window?: Duration.Input | undefined
  /** `fixed-window` by default. */
  readonly algorithm?: "fixed-window" | "token-bucket" | undefined
  /** Tokens a full bucket holds, with `token-bucket`. `requests` by default. */
  readonly burst?: number | undefined
}

/** No limit where a category is absent. */
export interface Limits extends Partial<Readonly<Record<Category, Rate>>> {
  /** Requests at the same time, all categories together. */
  readonly concurrent?: number | undefined
  /** Whether every answer carries `X-RateLimit-*`. True by default. */
  readonly headers?: boolean | undefined
}

/** Outcome of one request's admission. Times are milliseconds since 1970. */
export interface Admission {
  readonly admitted: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetAt: number
  readonly window: Duration.Duration
  /** When the next request will be admitted, where this one was not. */
  readonly retryAt: number
}

interface Account {
  used: number
  startedAt: number
  tokens: number
  filledAt: number
}

/** Accounts of all keys. */
export interface Limiter {
  /** `undefined` where the category has no limit. */
  readonly admit: (key: string, category: Category, rate: Rate | undefined, now: number) => Admission | undefined
}

const fixedWindow = (account: Account, rate: Rate, window: number, now: number): Omit<Admission, "window"> => {
  if (now >= account.startedAt + window) {
    account.startedAt = now
    account.used = 0
  }
  const resetAt = account.startedAt + window
  const admitted = account.used < rate.requests
  if (admitted) account.used++
  return { admitted, limit: rate.requests, remaining: rate.requests - account.used, resetAt, retryAt: resetAt }
}

const tokenBucket = (account: Account, rate: Rate, window: number, now: number): Omit<Admission, "window"> => {
  const capacity = rate.burst ?? rate.requests
  const perMillisecond = rate.requests / window
  account.tokens = Math.min(capacity, account.tokens + (now - account.filledAt) * perMillisecond)
  account.filledAt = now
  // The sum of many small refills may fall short of a whole token by rounding alone.
  const admitted = account.tokens >= 1 - 1e-9
  if (admitted) account.tokens = Math.max(0, account.tokens - 1)
  return {
    admitted,
    limit: rate.requests,
    remaining: Math.floor(account.tokens),
    resetAt: now + (capacity - account.tokens) / perMillisecond,
    retryAt: admitted ? now : now + (1 - account.tokens) / perMillisecond
  }
}

export const make = (): Limiter => {
  const accounts = new Map<string, Account>()
  return {
    admit: (key, category, rate, now) => {
      if (rate === undefined) return undefined
      const name = `${category} ${key}`
      const account = accounts.get(name) ?? {
        used: 0,
        startedAt: now,
        tokens: rate.burst ?? rate.requests,
        filledAt: now
      }
      accounts.set(name, account)
      const window = Duration.fromInputUnsafe(rate.window ?? "1 minute")
      const spend = rate.algorithm === "token-bucket" ? tokenBucket : fixedWindow
      return { ...spend(account, rate, Duration.toMillis(window), now), window }
    }
  }
}
