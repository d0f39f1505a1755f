/** Decides, request by request, which faults strike. */
import type { Fault, Where } from "../Fault.ts"
import { type Operation, permissions } from "./operation.ts"
import { Refusal } from "./refusal.ts"

/** What a fault is matched with: the key or, for a listing, the prefix asked for is the target. */
export interface Target {
  readonly operation: Operation
  readonly bucket: string
  readonly text: string
}

/** What is to go wrong with one request. */
export interface Plan {
  readonly latency: number
  readonly bytesPerSecond: number | undefined
  readonly reset: boolean
  readonly refusal: Refusal | undefined
  readonly denial: Refusal | undefined
  readonly cut: { readonly how: "reset" | "end"; readonly at: number } | undefined
  /** Where in the body a byte is wrong, 0 to 1. */
  readonly corruptAt: number | undefined
  /** Tags of the faults that struck, for the log. */
  readonly struck: ReadonlyArray<Fault["_tag"]>
}

/** The faults in force. */
export interface Striking {
  readonly set: (faults: ReadonlyArray<Fault>, seed: number) => void
  readonly plan: (target: Target) => Plan
  /** Whether an operation is denied for good: decides between 403 and 404 for absent keys. */
  readonly denies: (target: Target) => boolean
  /** Keys of a page that was listed which are to be replaced now. */
  readonly replaced: (bucket: string, keys: ReadonlyArray<string>) => ReadonlyArray<string>
  /** How often each kind of fault struck. */
  readonly counts: () => Readonly<Record<string, number>>
}

// Mulberry32: 32 bits of state are plenty for drawing lots.
const randomFrom = (seed: number) => {
  let state = seed | 0
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const matches = (where: Where, target: Target): boolean =>
  (where.operations === undefined || where.operations.includes(target.operation)) &&
  (where.bucket === undefined || where.bucket === target.bucket) &&
  (where.prefix === undefined || target.text.startsWith(where.prefix)) &&
  !(where.except?.includes(target.text) ?? false)

const denial = (target: Target): Refusal => {
  const permission = permissions[target.operation]
  const resource = permission === "s3:ListBucket" ? target.bucket : `${target.bucket}/${target.text}`
  return new Refusal("AccessDenied", {
    message: `User: arn:aws:iam::123456789012:user/sluice is not authorized to perform: ${permission} on resource: "arn:aws:s3:::${resource}" because no identity-based policy allows the ${permission} action`
  })
}

export const makeStriking = (): Striking => {
  let rules: ReadonlyArray<{ readonly fault: Fault; readonly strikes: (where: Where) => boolean }> = []
  let replacing = new Map<string, Set<string>>()
  const counts: Record<string, number> = {}
  const count = (tag: Fault["_tag"], times: number) => {
    counts[tag] = (counts[tag] ?? 0) + times
  }
  return {
    counts: () => ({ ...counts }),
    set: (faults, seed) => {
      replacing = new Map()
      for (const fault of faults) {
        if (fault._tag === "ReplaceAfterListing") replacing.set(fault.bucket, new Set(fault.keys))
      }
      rules = faults.map((fault, index) => {
        const random = randomFrom(seed + Math.imul(index + 1, 0x9e3779b1))
        let seen = 0
        let struck = 0
        return {
          fault,
          strikes: (where) => {
            if (seen++ < (where.after ?? 0)) return false
            if (where.fraction !== undefined && random() >= where.fraction) return false
            return struck++ < (where.next ?? Infinity)
          }
        }
      })
    },
    plan: (target) => {
      let latency = 0
      let bytesPerSecond: number | undefined
      let resets = false
      let refusal: Refusal | undefined
      let denied: Refusal | undefined
      let cut: Plan["cut"]
      let corruptAt: number | undefined
      const struck: Array<Fault["_tag"]> = []
      for (const { fault, strikes } of rules) {
        if (fault._tag === "ReplaceAfterListing" || !matches(fault, target) || !strikes(fault)) continue
        struck.push(fault._tag)
        count(fault._tag, 1)
        switch (fault._tag) {
          case "Refuse":
            refusal ??= new Refusal(fault.code, {
              headers: fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }
            })
            break
          case "Deny":
            denied ??= denial(target)
            break
          case "Reset":
            resets = true
            break
          case "Cut":
            cut ??= { how: fault.how, at: fault.at ?? 0.5 }
            break
          case "Corrupt":
            corruptAt ??= fault.at ?? 0.5
            break
          case "Slow":
            latency += fault.latency ?? 0
            bytesPerSecond ??= fault.bytesPerSecond
            break
        }
      }
      return { latency, bytesPerSecond, reset: resets, refusal, denial: denied, cut, corruptAt, struck }
    },
    denies: (target) =>
      rules.some(
        ({ fault }) =>
          fault._tag === "Deny" && fault.fraction === undefined && fault.next === undefined && matches(fault, target)
      ),
    replaced: (bucket, keys) => {
      const waiting = replacing.get(bucket)
      if (waiting === undefined) return []
      const found = keys.filter((key) => waiting.delete(key))
      if (found.length > 0) count("ReplaceAfterListing", found.length)
      return found
    }
  }
}
