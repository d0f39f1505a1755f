/** Decides, request by request, which faults strike. */
import { type FaultControls, makeFaultRules } from "../../internal/faultRules.ts"
import { type Disruption, disrupted, undisrupted } from "../../internal/transport.ts"
import type { Fault } from "../Fault.ts"
import { drawFrom } from "./draw.ts"
import type { Operation } from "./operation.ts"
import { Refusal } from "./refusal.ts"
import type { ListingFaults } from "./work.ts"

/** What a fault is matched with. */
export interface Target {
  readonly operation: Operation
  readonly id: string | undefined
  readonly q: string | undefined
  readonly account: string | undefined
}

/** An answer that takes the place of the work. */
export type Instead =
  | { readonly _tag: "Refusal"; readonly refusal: Refusal }
  | { readonly _tag: "Page"; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly _tag: "Token"; readonly status: number; readonly error: string; readonly description: string }

/** What is to go wrong with one request. */
export interface Plan extends Disruption {
  readonly instead: Instead | undefined
  readonly listing: ListingFaults
  /** What is moved once a page with a next one was sent. */
  readonly moves: ReadonlyArray<{ readonly file: string; readonly to: string }>
  /** Tags of the faults that struck, for the log. */
  readonly struck: ReadonlyArray<Fault["_tag"]>
}

/** The faults in force. */
export interface Striking {
  readonly controls: FaultControls<Fault>
  readonly plan: (target: Target) => Plan
}

const faultless: ListingFaults = {
  emptyGroups: false,
  incomplete: undefined,
  duplicate: false,
  shortPage: undefined
}

const listings: ReadonlyArray<Operation> = ["files.list"]

/** Where a fault can strike at all. */
const reach = (fault: Fault): ReadonlyArray<Operation> | undefined => {
  switch (fault._tag) {
    case "EmptyGroups":
    case "IncompleteSearch":
    case "DuplicateAcrossPages":
    case "ShortPages":
    case "MoveBetweenPages":
      return listings
    default:
      return undefined
  }
}

const matches = (fault: Fault, target: Target): boolean =>
  (reach(fault)?.includes(target.operation) ?? true) &&
  (fault.operations?.includes(target.operation) ?? (fault._tag !== "Refuse" || target.operation !== "token")) &&
  (fault.ids === undefined || (target.id !== undefined && fault.ids.includes(target.id))) &&
  (fault.q === undefined || (target.q?.includes(fault.q) ?? false)) &&
  (fault.account === undefined || fault.account === target.account)

const refusalOf = (fault: Extract<Fault, { readonly _tag: "Refuse" }>): Refusal =>
  new Refusal(fault.reason, {
    status: fault.status,
    message: fault.message,
    parameter: fault.reason === "invalid" ? "pageToken" : undefined,
    headers: fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }
  })

const planOf = (faults: ReadonlyArray<Fault>): Plan => {
  let disruption = undisrupted
  let instead: Instead | undefined
  let listing = faultless
  const moves: Array<Plan["moves"][number]> = []
  for (const fault of faults) {
    switch (fault._tag) {
      case "Refuse":
        instead ??= { _tag: "Refusal", refusal: refusalOf(fault) }
        break
      case "Page":
        instead ??= { _tag: "Page", status: fault.status, retryAfter: fault.retryAfter }
        break
      case "RefuseToken":
        instead ??= {
          _tag: "Token",
          status: fault.status ?? 400,
          error: fault.error,
          description: fault.description ?? "Token has been expired or revoked."
        }
        break
      case "EmptyGroups":
        listing = { ...listing, emptyGroups: true }
        break
      case "IncompleteSearch":
        listing = { ...listing, incomplete: fault.missing ?? 0 }
        break
      case "DuplicateAcrossPages":
        listing = { ...listing, duplicate: true }
        break
      case "ShortPages":
        listing = { ...listing, shortPage: fault.files ?? 0 }
        break
      case "MoveBetweenPages":
        moves.push(fault)
        break
      default:
        disruption = disrupted(disruption, fault)
    }
  }
  const struck = faults.map((fault) => fault._tag)
  return { ...disruption, instead, listing, moves, struck }
}

/** What is to go wrong with a request that no fault strikes. */
export const noFaults: Plan = planOf([])

export const makeStriking = (): Striking => {
  const { controls, strike } = makeFaultRules<Fault>((seed, index) => drawFrom(`fault ${seed} ${index}`).share)
  return { controls, plan: (target) => planOf(strike((fault) => matches(fault, target))) }
}
