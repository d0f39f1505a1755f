/** Decides, request by request, which faults strike. */
import { type FaultControls, makeFaultRules } from "../../internal/faultRules.ts"
import { type Disruption, disrupted, undisrupted } from "../../internal/transport.ts"
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
export interface Plan extends Disruption {
  readonly refusal: Refusal | undefined
  readonly denial: Refusal | undefined
  /** Tags of the faults that struck, for the log. */
  readonly struck: ReadonlyArray<Fault["_tag"]>
}

/** The faults in force. */
export interface Striking {
  readonly controls: FaultControls<Fault>
  readonly plan: (target: Target) => Plan
  /** Whether an operation is denied for good: decides between 403 and 404 for absent keys. */
  readonly denies: (target: Target) => boolean
  /** Keys of a page that was listed which are to be replaced now. */
  readonly replaced: (bucket: string, keys: ReadonlyArray<string>) => ReadonlyArray<string>
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
  let replacing = new Map<string, Set<string>>()
  const rules = makeFaultRules<Fault>(
    (seed, index) => randomFrom(seed + Math.imul(index + 1, 0x9e3779b1)),
    (faults) => {
      replacing = new Map()
      for (const fault of faults) {
        if (fault._tag === "ReplaceAfterListing") replacing.set(fault.bucket, new Set(fault.keys))
      }
    }
  )
  return {
    controls: rules.controls,
    plan: (target) => {
      let disruption = undisrupted
      let refusal: Refusal | undefined
      let denied: Refusal | undefined
      const faults = rules.strike((fault) => fault._tag !== "ReplaceAfterListing" && matches(fault, target))
      for (const fault of faults) {
        switch (fault._tag) {
          case "Refuse":
            refusal ??= new Refusal(fault.code, {
              headers: fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }
            })
            break
          case "Deny":
            denied ??= denial(target)
            break
          case "ReplaceAfterListing":
            break
          default:
            disruption = disrupted(disruption, fault)
        }
      }
      return { ...disruption, refusal, denial: denied, struck: faults.map((fault) => fault._tag) }
    },
    denies: (target) =>
      rules
        .inForce()
        .some(
          (fault) =>
            fault._tag === "Deny" && fault.fraction === undefined && fault.next === undefined && matches(fault, target)
        ),
    replaced: (bucket, keys) => {
      const waiting = replacing.get(bucket)
      if (waiting === undefined) return []
      const found = keys.filter((key) => waiting.delete(key))
      if (found.length > 0) rules.count("ReplaceAfterListing", found.length)
      return found
    }
  }
}
