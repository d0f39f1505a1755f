/**
 * What a source's credentials can do, before any work.
 */
import { Check, type Source } from "@sluice/core"
import { Clock, Effect, Option } from "effect"
import * as Attributes from "./Attributes.ts"
import { toChange } from "./Entry.ts"
import * as Listing from "./Listing.ts"
import { probe } from "./Read.ts"
import { S3 } from "./S3.ts"
import { type Operation, permission, type S3Error, toSourceError } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

/** Objects looked at to find one that can be read. */
const sample = 50

export const check = (settings: Settings): Effect.Effect<ReadonlyArray<Check.Finding>, Source.SourceError, S3> =>
  Effect.gen(function* () {
    const s3 = yield* S3
    if (settings.problems.length > 0) {
      return settings.problems.map(({ field, problem, remedy }) => Check.error(field, problem, remedy))
    }
    const listing = Listing.make(s3, settings)
    const listed = yield* Effect.forEach(settings.prefixes, (prefix) => listPrefix(listing, settings, prefix))
    const files = listed.flatMap(({ files }) => files)
    const findings = [...s3.findings, ...listed.map(({ finding }) => finding)]
    if (findings.some(({ severity }) => severity === "error")) return findings
    findings.push(Check.ok("region", `requests go to ${yield* s3.region(settings.bucket)}`))
    const [file] = files
    if (file === undefined) return findings
    findings.push(yield* tried("GetObject", settings, probe(s3, settings, file)))
    for (const kind of settings.attributes) {
      const attempt = Attributes.load(s3, settings, new Set([kind]), [{ _tag: "Upsert", file }]).pipe(
        Effect.map(([change]) => (change?._tag === "Reject" ? Option.some(change.reason.message) : Option.none()))
      )
      findings.push(
        Option.match(yield* attempt, {
          onNone: () => Check.ok(kind, `${kind} can be read`),
          onSome: (message) => Check.error(kind, message, "Grant the permission, or leave the attribute out")
        })
      )
    }
    return findings
  }).pipe(Effect.mapError(toSourceError(settings.name)))

const listPrefix = Effect.fnUntraced(function* (listing: Listing.Listing, settings: Settings, prefix: string) {
  const operation = settings.versions._tag === "Current" ? "ListObjectsV2" : "ListObjectVersions"
  const where = prefix === "" ? settings.bucket : `${settings.bucket}/${prefix}`
  const now = yield* Clock.currentTimeMillis
  return yield* listing.page(prefix, {}, sample).pipe(
    Effect.map(({ entries }) => {
      const files = entries.flatMap((entry) => {
        const change = toChange(settings, entry, now)
        return change?._tag === "Upsert" ? [change.file] : []
      })
      const finding =
        entries.length > 0
          ? Check.ok("list", `${where} can be listed`)
          : Check.warning("prefixes", `${where} can be listed, and nothing is there`, "Check `bucket` and `prefixes`")
      return { files, finding }
    }),
    Effect.catchIf(isAnswer, (error) => Effect.succeed({ files: [], finding: finding(operation, settings, error) }))
  )
})

const tried = (operation: Operation, settings: Settings, attempt: Effect.Effect<void, S3Error>) =>
  attempt.pipe(
    Effect.as(Check.ok("read", "an object was read")),
    Effect.catchIf(
      (error) => error.reason._tag === "Gone",
      () => Effect.succeed(Check.warning("read", "the object that was tried is gone by now", "Check again"))
    ),
    Effect.catchIf(isAnswer, (error) => Effect.succeed(finding(operation, settings, error)))
  )

/** The server said something; where it could not be reached, nothing is found out. */
const isAnswer = (error: S3Error): boolean => error.reason._tag !== "Unavailable"

const finding = (operation: Operation, settings: Settings, error: S3Error): Check.Finding => {
  const [problem = error.message, ...rest] = error.message.split(": ")
  const subject =
    error.reason._tag === "Missing"
      ? "bucket"
      : error.region !== undefined
        ? "region"
        : error.status === 403 && error.code !== "AccessDenied" && error.reason._tag === "Unauthorized"
          ? "credentials"
          : operation === "GetObject"
            ? "read"
            : "list"
  const remedy = rest.join(": ")
  return Check.error(
    subject,
    problem,
    remedy === "" ? `Grant ${permission({ operation, bucket: settings.bucket })}` : remedy
  )
}
