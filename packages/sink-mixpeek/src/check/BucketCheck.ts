/**
 * Whether a bucket exists and takes what a mapping makes: everything there is to say, at once.
 */
import { Check, type Mapping, type Sink } from "@sluice/core"
import { Effect, Option } from "effect"
import * as BlobDelivery from "../delivery/BlobDelivery.ts"
import type { Placed } from "../mapping/LineageFields.ts"
import { Mixpeek } from "../client/Mixpeek.ts"
import { type Shape, shapeOf } from "../mapping/MixpeekObject.ts"
import * as RemovalCheck from "./RemovalCheck.ts"
import type { Settings } from "../SinkOptions.ts"
import { type BucketField, type BucketResponse, isFileType, type OrganizationResponse } from "../client/Wire.ts"

type Findings = ReadonlyArray<Check.Finding>
type Properties = { readonly [name: string]: BucketField }

/** Types that take each other's values. */
const numeric = new Set(["number", "integer", "float"])
const textual = new Set(["string", "text", "date", "datetime"])
const accepts = (declared: string, made: string): boolean =>
  declared === made ||
  (made === "integer" && numeric.has(declared)) ||
  (made === "float" && declared === "number") ||
  (made === "number" && declared === "float") ||
  (made === "string" && textual.has(declared)) ||
  ((made === "date" || made === "datetime") && textual.has(declared))

const notDeclared = (subject: string, bucket: string, type: string | undefined, instead: string) =>
  Check.error(
    subject,
    `${bucket}'s schema does not declare it`,
    `Declare ${subject}${type === undefined ? "" : ` (${type})`} in the bucket's schema, or ${instead}`
  )

/** The field at a dotted path; `"open"` where an object declares no properties of its own. */
const fieldAt = (properties: Properties, path: ReadonlyArray<string>): BucketField | "open" | undefined => {
  const [name, ...rest] = path
  const field = name === undefined ? undefined : properties[name]
  if (field === undefined || rest.length === 0) return field
  if (field.type !== "object") return undefined
  return field.properties === undefined ? "open" : fieldAt(field.properties, rest)
}

const aboutState = (bucket: BucketResponse): Findings => {
  const status = bucket.status ?? "ACTIVE"
  return [
    status === "ACTIVE"
      ? Check.ok("bucket", "exists and is ACTIVE")
      : Check.error(
          "bucket",
          `its status is ${status}${status === "IN_PROGRESS" ? " (it is being deleted)" : ""}`,
          "Use a bucket that is ACTIVE"
        ),
    ...(bucket.is_locked === true
      ? [Check.error("bucket", "it is locked: objects can be read, not created", "Unlock it, or use another bucket")]
      : [])
  ]
}

const aboutMapping = (shape: Shape): Findings =>
  shape.problems.map(({ field, problem, remedy }) => Check.error(field, problem, remedy))

const aboutBlobs = (shape: Shape, properties: Properties, bucket: string): Findings =>
  shape.blobs.map(({ property, types }) => {
    const declared = properties[property]
    const made = types.join(" or ")
    if (declared === undefined) return notDeclared(property, bucket, made, "map to a property it has")
    if (!types.some((type) => accepts(declared.type, type))) {
      return Check.error(
        property,
        `it is declared as ${declared.type}, the mapping makes ${made}`,
        "Map to a property of that type, or set types in the mapping"
      )
    }
    return types.length === 1
      ? Check.ok(property, `takes ${declared.type}`)
      : Check.warning(
          property,
          `it takes ${declared.type} only; files of other types will be rejected one by one`,
          "Filter by media type, or name one property for each type"
        )
  })

const aboutFields = (shape: Shape, properties: Properties, bucket: string): Findings =>
  shape.fields.map(({ name, type }) => {
    const declared = properties[name]
    if (declared === undefined) return notDeclared(name, bucket, type, "leave it out of fields")
    if (isFileType(declared.type) && declared.type !== "text") {
      return Check.error(
        name,
        `it is declared as ${declared.type}, which takes a blob, not a field`,
        "Map the field to another name"
      )
    }
    if (type === undefined) return Check.ok(name, `is declared as ${declared.type}; values are compared by the API`)
    return accepts(declared.type, type)
      ? Check.ok(name, `takes ${declared.type}`)
      : Check.error(
          name,
          `it is declared as ${declared.type}, the mapping makes ${type}`,
          `Convert it to ${declared.type}`
        )
  })

const aboutLineage = (lineage: Placed, properties: Properties, bucket: string): Findings =>
  (
    [
      ["lineage.sourceKey", lineage.sourceKey, "string"],
      ["lineage.source", lineage.source, "object"]
    ] as const
  ).flatMap(([option, path, type]) => {
    if (path === undefined) return []
    const subject = path.join(".")
    const declared = fieldAt(properties, path)
    if (declared === undefined) return [notDeclared(subject, bucket, type, `place it elsewhere with ${option}`)]
    return declared === "open" || accepts(declared.type, type)
      ? [Check.ok(subject, "is declared")]
      : [
          Check.error(
            subject,
            `it is declared as ${declared.type}, lineage needs ${type}`,
            `Place it elsewhere with ${option}`
          )
        ]
  })

/** What cannot be promised of a bucket that does not hold what lost answers are found out by. */
const aboutGuarantees = ({ lineage, upserts }: Settings): Findings => {
  if (upserts) return []
  if (lineage.sourceKey === undefined) {
    return [
      Check.warning(
        "lineage.sourceKey",
        "it is nowhere: files whose answers are lost, or that are on their way when a run is killed, may have two objects (acceptDoubles)",
        "Give it a place, or use a bucket whose unique key upserts"
      )
    ]
  }
  return lineage.source === undefined
    ? [
        Check.warning(
          "lineage.source",
          "it is nowhere, so states of a file cannot be told apart: where the answer for a changed file is lost, an object of its old state may be taken for the new one",
          "Give it a place, or use a bucket whose unique key upserts"
        )
      ]
    : []
}

const aboutRequired = (shape: Shape, lineage: Placed, properties: Properties): Findings => {
  const surely = new Set([
    ...(shape.blobs.length === 1 ? shape.blobs.map(({ property }) => property) : []),
    ...shape.fields.filter(({ required }) => required).map(({ name }) => name),
    ...[lineage.sourceKey, lineage.source].flatMap((path) => (path === undefined ? [] : path.slice(0, 1)))
  ])
  const perhaps = new Set([...shape.blobs.map(({ property }) => property), ...shape.fields.map(({ name }) => name)])
  return Object.entries(properties).flatMap(([name, field]) => {
    if (field.required !== true || surely.has(name)) return []
    return perhaps.has(name)
      ? [
          Check.warning(
            name,
            "the bucket requires it, and not every object will have it",
            "Give it a value with orElse, or mark it required so that such files are rejected here"
          )
        ]
      : [Check.error(name, "the bucket requires it, and the mapping does not make it", `Map ${name}`)]
  })
}

const aboutUniqueKey = (bucket: BucketResponse, settings: Settings, shape: Option.Option<Shape>): Findings => {
  const key = bucket.unique_key
  if (key === undefined) {
    return settings.upserts
      ? [
          Check.error(
            "uniqueKey",
            "the bucket has none",
            'Leave uniqueKey out, or use a bucket with unique_key: { fields: ["source_key"], default_policy: "upsert" }'
          )
        ]
      : [Check.ok("uniqueKey", "none: what became of lost answers is found out by source_key")]
  }
  const made = new Set([
    ...[settings.lineage.sourceKey, settings.lineage.source].flatMap((path) => path?.slice(0, 1) ?? []),
    ...Option.match(shape, { onNone: () => [], onSome: ({ fields }) => fields.map(({ name }) => name) })
  ])
  const missing = Option.isNone(shape) ? [] : key.fields.filter((field) => !made.has(field))
  return [
    key.default_policy === "upsert"
      ? settings.upserts
        ? Check.ok("uniqueKey", `${key.fields.join(", ")}, upsert: sending again is harmless`)
        : Check.warning(
            "uniqueKey",
            "the bucket upserts, and the sink does not know",
            'Set uniqueKey: "upsert": lost answers then cost no question, and updates are counted as such'
          )
      : Check.error(
          "uniqueKey",
          `its default policy is ${key.default_policy ?? "not set"}: creating in batches needs upsert`,
          "Use a bucket whose unique key has the default policy upsert; it cannot be changed later"
        ),
    ...missing.map((field) =>
      Check.error("uniqueKey", `it has the field ${field}, which the mapping does not make`, `Map ${field}`)
    )
  ]
}

const aboutPlan = (organization: OrganizationResponse, { maxInFlight }: Sink.Limits): Check.Finding => {
  const data = organization.rate_limits?.data
  return data === undefined
    ? Check.warning(
        "rateLimits",
        "the organization does not tell its limits; 10 requests a minute until an answer does",
        "Set rateLimits (MIXPEEK_REQUESTS_PER_MINUTE) to what your plan allows"
      )
    : Check.ok(
        "rateLimits",
        `${data} requests a minute, so up to ${(data * 100).toLocaleString("en")} objects a minute, where an answer takes no more than ${Number(((maxInFlight * 60) / data).toPrecision(2))} s (concurrency ${maxInFlight})`
      )
}

/** A failure of the request, as a finding where it is about what is configured; `None` where nothing was found out. */
const aboutFailure = (error: Sink.SinkError, subject: string): Option.Option<Check.Finding> => {
  switch (error.reason._tag) {
    case "Unauthorized":
      return Option.some(Check.error("apiKey", error.message, "Use a key that may read and write this namespace"))
    case "QuotaExceeded":
      return Option.some(Check.error("plan", error.message, "Raise the allowance, then run again"))
    case "Unusable":
      return Option.some(Check.error(subject, error.message, "Check bucket, namespace and url"))
    default:
      return Option.none()
  }
}

/**
 * Reads the bucket and the organization and compares them with the mapping. Fails only where it could not find out.
 * Whether the key may delete is asked where the pipeline will; whether it may write cannot be seen without writing, and a
 * first refusal stops the run.
 */
export const check = Effect.fn("MixpeekSink.check")(function* (
  settings: Settings,
  mapping: Mapping.Mapping<unknown, unknown>,
  needs: Sink.Needs
): Effect.fn.Return<Findings, Sink.SinkError, Mixpeek> {
  const mixpeek = yield* Mixpeek
  const read = yield* Effect.result(mixpeek.getBucket(settings.bucket))
  if (read._tag === "Failure") {
    const finding = aboutFailure(read.failure, "bucket")
    return Option.isSome(finding) ? [finding.value] : yield* read.failure
  }
  const bucket = read.success.value
  const organization = yield* mixpeek.getOrganization.pipe(
    Effect.map(({ value }) => value),
    Effect.orElseSucceed((): OrganizationResponse => ({}))
  )
  const state = aboutState(bucket)
  // A bucket that takes no writes refuses them for that.
  const isOpen = state.every(({ severity }) => severity === "ok")
  const shape = shapeOf(mapping)
  const properties = bucket.bucket_schema?.properties
  return [
    ...state,
    ...(isOpen ? yield* RemovalCheck.check(settings, needs) : []),
    ...(properties === undefined
      ? [
          Check.warning(
            "schema",
            `${settings.bucket} shows no schema, so the mapping cannot be compared`,
            "Give the bucket a schema; undeclared fields may be refused"
          )
        ]
      : [
          ...Option.match(shape, {
            onNone: () => [
              Check.warning(
                "mapping",
                "it does not say what it makes, so it cannot be compared with the bucket's schema",
                "Use MixpeekObject.fromFile, or MixpeekObject.declare its shape"
              )
            ],
            onSome: (known) => [
              ...aboutMapping(known),
              ...aboutBlobs(known, properties, settings.bucket),
              ...aboutFields(known, properties, settings.bucket),
              ...aboutRequired(known, settings.lineage, properties)
            ]
          }),
          ...aboutLineage(settings.lineage, properties, settings.bucket)
        ]),
    ...aboutGuarantees(settings),
    ...aboutUniqueKey(bucket, settings, shape),
    Check.ok("delivery", BlobDelivery.describe(settings.delivery, yield* mixpeek.maxUploadBytes)),
    aboutPlan(organization, settings.limits)
  ]
})
