/**
 * Every fault at every step of an upload, once and three times in a row: after the next run each file is one object with
 * its bytes, and nothing is left behind.
 */
import { assert, describe, it } from "@effect/vitest"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect } from "effect"
import { type Case, failing } from "./upload-faults.ts"

type Fault = MixpeekStandIn.Fault

const everywhere = [
  "reset",
  "truncated",
  "silence",
  "bad-gateway",
  "gateway-timeout",
  "unavailable",
  "server-error",
  "throttle",
  "unauthorized"
] as const

/** What strikes a PUT alone; nothing of it is stored, or something else. */
const ofStorage = ["reset-in-body", "corrupt", "expired"] as const

const always = ["never", "before", "after"] as const

/** A step, and what makes a run take it. */
interface Step {
  readonly operation: string
  /** It changes nothing, so it does not matter whether it happened. */
  readonly reads?: boolean
  /** What else has to go wrong for it to be taken. */
  readonly after?: Fault
  /** It is taken so often before. */
  readonly skip?: number
  readonly as?: Omit<Case, "faults" | "upserts">
  /** Nobody asks in a bucket that upserts. */
  readonly onlyWithoutUpsert?: boolean
}

const steps: Readonly<Record<string, Step>> = {
  "the request for addresses": { operation: "createUploadsBatch" },
  "the PUT": { operation: "putUpload" },
  "the confirmation of one": { operation: "confirmUpload", as: { together: 1 } },
  "the confirmation of several": { operation: "confirmUploadsBatch" },
  "a look at the task": { operation: "getTask", reads: true },
  "a look at an upload": { operation: "getUpload", reads: true, as: { together: 1, inBackground: true } },
  "the look for what is left, before": { operation: "listUploads", reads: true },
  "the look for what is left, afterwards": {
    operation: "listUploads",
    reads: true,
    skip: 1,
    as: { breaks: true },
    after: { kind: "unauthorized", operations: ["cancelUpload"], times: 1 }
  },
  "the cancellation": { operation: "cancelUpload", as: { breaks: true } },
  "the creation of objects": { operation: "createObjectsBatch" },
  "the search for objects": {
    operation: "listObjects",
    reads: true,
    after: { kind: "reset", commits: "before", operations: ["createObjectsBatch"], times: 1 },
    onlyWithoutUpsert: true
  }
}

/** That nothing was done is what 429 says: no server answers so, and does it all the same. */
const whether = (kind: Fault["kind"], { operation, reads = false }: Step) => {
  if (reads) return [undefined]
  return kind === "throttle" && operation === "createObjectsBatch" ? (["never"] as const) : always
}

const kindsOf = (step: Step): ReadonlyArray<Pick<Fault, "kind" | "commits">> => [
  ...everywhere.flatMap((kind) => whether(kind, step).map((commits) => ({ kind, commits }))),
  ...(step.operation === "putUpload" ? ofStorage.map((kind) => ({ kind })) : [])
]

const casesOf = (step: Step, upserts: boolean): ReadonlyArray<readonly [label: string, one: Case]> =>
  kindsOf(step).flatMap((kind) =>
    [1, 3].map((times) => {
      const fault: Fault = { ...kind, operations: [step.operation], times, skip: step.skip }
      const label = `${kind.kind}${kind.commits === undefined ? "" : ` (commits ${kind.commits})`} x ${times}`
      const faults = step.after === undefined ? [fault] : [step.after, fault]
      return [label, { ...step.as, upserts, faults }] as const
    })
  )

describe.each([true, false])("an upload to a bucket that upserts: %s", (upserts) => {
  const all = Object.entries(steps).filter(([, step]) => !upserts || step.onlyWithoutUpsert !== true)

  it.effect.each(all)("comes through every fault of %s", ([, step]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* failing(casesOf(step, upserts)), [])
    })
  )
})
