/**
 * What a run is killed in: a bucket in S3 that changes, a Mixpeek that loses answers, a ledger that outlives both; and what
 * must be true of them.
 */
import { PgClient } from "@effect/sql-pg"
import { Lineage } from "@sluice/core"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Context, Effect, Layer, Predicate, Redacted, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { environment, schema, target } from "../acceptance/bench.ts"

/** What differs from run to run. */
export interface Variant {
  readonly ledger: "sqlite" | "postgres"
  /** The bucket has a unique key that upserts. */
  readonly upserts: boolean
  /** Files are uploaded; else they go inline. */
  readonly uploads: boolean
  /** Objects are processed in batches. */
  readonly processing: boolean
}

/** A file as it is at the source. */
interface Live {
  readonly token: string
  /** When it came to be so; a number that grows with each edit. */
  readonly edit: number
}

/** What was found to be wrong; nothing should be. */
export interface Findings {
  /** Files without an object in their latest state. */
  readonly lost: number
  /** Objects beyond one of a file. */
  readonly doubled: number
  /** Objects of files that are gone. */
  readonly left: number
}

/** Uploads that no object uses, and that were not taken back. */
export interface UploadFindings {
  readonly orphans: number
  /** Confirmed before a run was killed, of files that are in another state since: the API takes them back no more. */
  readonly stranded: number
}

/** What went wrong with objects that are processed; nothing should. */
export interface ProcessingFindings {
  readonly forgotten: number
  readonly reprocessed: number
}

/** Rows of a ledger, read past the ledger itself. */
interface Tables {
  readonly query: (text: string) => Effect.Effect<ReadonlyArray<unknown>, unknown>
  readonly address: string
}

const inFile = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-crash-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
).pipe(
  Effect.map((folder): Tables => {
    const address = join(folder, "ledger.sqlite")
    return {
      address,
      query: (text) =>
        Effect.try(() => {
          const database = new DatabaseSync(address, { timeout: 5000 })
          try {
            return database.prepare(text).all()
          } finally {
            database.close()
          }
        })
    }
  })
)

const client = (url: string) =>
  Effect.map(Layer.build(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })), (context) =>
    Context.get(context, PgClient.PgClient)
  )

const inPostgres = (server: string) =>
  Effect.gen(function* () {
    const database = `crash_${randomUUID().replaceAll("-", "")}`
    const admin = yield* client(`${server}/postgres`)
    yield* Effect.acquireRelease(admin`CREATE DATABASE ${admin(database)}`, () =>
      Effect.ignore(admin`DROP DATABASE ${admin(database)} WITH (FORCE)`)
    )
    const address = `${server}/${database}`
    const sql = yield* client(address)
    return { address, query: (text: string) => sql.unsafe(text) } satisfies Tables
  })

/** Where the harness finds Postgres; `undefined` where there is none. */
export const postgres = process.env["POSTGRES_URL"]

const Known = Schema.Array(Schema.Struct({ uri: Schema.String, token: Schema.String, gone: Schema.Unknown }))
const decodeKnown = Schema.decodeUnknownSync(Known)
const Cursors = Schema.Array(
  Schema.Struct({
    cursor: Schema.fromJsonString(
      Schema.Struct({
        from: Schema.optionalKey(Schema.String),
        until: Schema.optionalKey(Schema.String),
        after: Schema.optionalKey(Schema.String),
        done: Schema.optionalKey(Schema.Boolean)
      })
    )
  })
)
const decodeCursors = Schema.decodeUnknownSync(Cursors)
const Count = Schema.Array(Schema.Struct({ n: Schema.Union([Schema.Finite, Schema.BigInt]) }))
const decodeCount = Schema.decodeUnknownSync(Count)

const Sweeps = Schema.Array(Schema.Struct({ sweep: Schema.Union([Schema.Finite, Schema.BigInt]) }))
const decodeSweeps = Schema.decodeUnknownSync(Sweeps)

/** Answers of creations and deletions are lost now and then: before, after, and some time after they took effect. */
const faults: ReadonlyArray<MixpeekStandIn.Fault> = [
  { kind: "reset", commits: "before", fraction: 0.06 },
  { kind: "gateway-timeout", commits: "before", fraction: 0.05 },
  { kind: "bad-gateway", fraction: 0.05 },
  { kind: "reset", commits: "after", commitDelay: "300 millis", fraction: 0.05 },
  { kind: "server-error", commits: "before", operations: ["deleteObject"], fraction: 0.1 }
]

/** The same of what uploads are made of. */
const uploadFaults: ReadonlyArray<MixpeekStandIn.Fault> = [
  { kind: "reset", commits: "before", operations: ["createUploadsBatch"], fraction: 0.05 },
  { kind: "reset-in-body", operations: ["putUpload"], fraction: 0.005 },
  { kind: "reset", commits: "before", operations: ["putUpload"], fraction: 0.005 },
  { kind: "throttle", operations: ["putUpload"], fraction: 0.005 },
  { kind: "gateway-timeout", commits: "before", operations: ["confirmUploadsBatch"], fraction: 0.05 },
  { kind: "bad-gateway", operations: ["confirmUploadsBatch", "getTask", "listUploads"], fraction: 0.05 },
  { kind: "server-error", commits: "before", operations: ["cancelUpload"], fraction: 0.05 }
]

/** The same of batches. */
const batchFaults: ReadonlyArray<MixpeekStandIn.Fault> = [
  { kind: "reset", commits: "before", operations: ["createBatch", "submitBatch"], fraction: 0.15 },
  { kind: "gateway-timeout", operations: ["createBatch", "submitBatch"], fraction: 0.1 },
  { kind: "reset", commits: "after", commitDelay: "300 millis", operations: ["createBatch"], fraction: 0.1 },
  { kind: "bad-gateway", operations: ["getBatch", "listBatches"], fraction: 0.05 }
]

const bucket = "files"
const uriOf = (key: string) => `s3://${bucket}/${key}`
const uriAt = (key: string) => uriOf(key.split("/").map(encodeURIComponent).join("/"))
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** `draw`: a number from 0 to 1. */
export const make = Effect.fnUntraced(function* (variant: Variant, files: number, draw: () => number) {
  const s3 = yield* S3StandIn.make({ logCapacity: 10 })
  const mixpeek = yield* MixpeekStandIn.make({
    buckets: [
      {
        id: target,
        schema,
        ...(variant.upserts ? { uniqueKey: { fields: ["source_key"], default_policy: "upsert" } } : {})
      }
    ],
    validateEvery: 20,
    logged: 10,
    seed: draw(),
    faults: [...faults, ...(variant.uploads ? uploadFaults : []), ...(variant.processing ? batchFaults : [])],
    documents: { made: "by-batches", collections: [{ id: "col_pages" }] }
  })
  const tables = yield* variant.ledger === "sqlite" ? inFile : inPostgres(postgres ?? "")
  const live = new Map<string, Live>()
  let edits = 0

  const put = Effect.fnUntraced(function* (key: string) {
    const at = ++edits
    const { etag } = yield* s3.put(bucket, key, `${key} as of edit ${at}`, { contentType: "text/plain" })
    live.set(key, { token: etag, edit: at })
  })
  const any = () => [...live.keys()][Math.floor(draw() * live.size)] ?? ""
  /** Something is made, changed or deleted. */
  const edit = Effect.suspend(() => {
    const dice = draw()
    if (dice < 0.4) return put(`new/${Math.floor(draw() * 1000)}/${edits}.txt`)
    const key = any()
    if (dice < 0.75) return put(key)
    edits++
    live.delete(key)
    return s3.remove(bucket, key)
  })

  for (let i = 0; i < files; i++) yield* put(`${String(i % 20).padStart(2, "0")}/file ${i}.txt`)

  /** Files whose state a cursor has passed without it being known to have been delivered. */
  const aheadOfSettlement = Effect.fnUntraced(function* (since: number) {
    const cursors = decodeCursors(yield* tables.query("SELECT cursor FROM sluice_cursors WHERE follows = 0"))
    const known = new Map(
      decodeKnown(yield* tables.query("SELECT uri, token, gone FROM sluice_files")).map((row) => [row.uri, row])
    )
    let ahead = 0
    for (const [key, { edit: at, token }] of live) {
      const isPassed = cursors.some(
        ({ cursor: { after, done, from, until } }) =>
          (from === undefined || compare(key, from) > 0) &&
          (until === undefined || compare(key, until) <= 0) &&
          (done === true || (after !== undefined && compare(key, after) <= 0))
      )
      if (isPassed && at < since && known.get(uriAt(key))?.token.includes(token) !== true) ahead++
    }
    return ahead
  })

  /** What the bucket holds against what is at the source. `since`: files that were edited later count for nothing. */
  const compareWithSource = Effect.fnUntraced(function* (since: number) {
    const byPath = new Map<string, Array<string>>()
    for (const { fields } of yield* mixpeek.objects(target)) {
      const source = Predicate.isObject(fields["metadata"]) ? fields["metadata"]["source"] : undefined
      const { path, token } = Predicate.isObject(source) ? source : {}
      byPath.set(String(path), [...(byPath.get(String(path)) ?? []), String(token)])
    }
    const findings = { lost: 0, doubled: 0, left: 0 }
    for (const [key, { edit: at, token }] of live) {
      if (at < since && byPath.get(key)?.some((state) => state.includes(token)) !== true) findings.lost++
    }
    for (const [path, states] of byPath) {
      if (live.has(path)) findings.doubled += states.length - 1
      else findings.left += states.length
    }
    return findings satisfies Findings
  })

  /** The number of the last sweep that began. */
  const sweep = tables.query("SELECT sweep FROM sluice_pipelines").pipe(
    Effect.map((rows) => Number(decodeSweeps(rows)[0]?.sweep ?? 0)),
    Effect.orElseSucceed(() => 0)
  )

  const countOf = (table: string) =>
    Effect.map(tables.query(`SELECT COUNT(*) AS n FROM ${table}`), (rows) => Number(decodeCount(rows)[0]?.n ?? 0))

  return {
    edit,
    now: () => edits,
    sweep,
    /** Nothing has been written yet where the program was killed before it made the tables. */
    aheadOfSettlement: (since: number) => Effect.orElseSucceed(aheadOfSettlement(since), () => 0),
    compareWithSource,
    /** What a ledger holds when everything is settled: the files, and nothing that is open. */
    isClean: Effect.gen(function* () {
      if (variant.ledger === "sqlite") {
        const [row] = yield* tables.query("PRAGMA integrity_check")
        if (JSON.stringify(row) !== '{"integrity_check":"ok"}') return false
      }
      const files = yield* countOf("sluice_files")
      const empty = ["sluice_intents", "sluice_superseded", "sluice_processing", "sluice_jobs"]
      const open = (yield* Effect.forEach(empty, countOf)).reduce((sum, rows) => sum + rows, 0)
      return files === live.size && open === 0
    }),
    violations: mixpeek.violations,
    uploads: Effect.map(mixpeek.orphans(target), (unused) => {
      const tokens = new Map(Array.from(live, ([key, { token }]) => [Lineage.sourceKey(uriAt(key)), token]))
      const isStranded = ({ metadata, status }: (typeof unused)[number]) => {
        const token = tokens.get(String(metadata["source_key"]))
        return status === "COMPLETED" && !(token !== undefined && String(metadata["source_token"]).includes(token))
      }
      const stranded = unused.filter(isStranded).length
      return { orphans: unused.length - stranded, stranded } satisfies UploadFindings
    }),
    processing: Effect.gen(function* () {
      if (!variant.processing) return { forgotten: 0, reprocessed: 0 } satisfies ProcessingFindings
      const processed = yield* mixpeek.processed
      const batches = yield* mixpeek.batches(target)
      const objects = yield* mixpeek.objects(target)
      const unprocessed = objects.filter(({ objectId }) => (processed.get(objectId)?.succeeded ?? 0) === 0)
      const drafts = batches.filter(({ status }) => status === "DRAFT")
      // An object that is updated is to be processed again: only those that are not say anything.
      const again = variant.upserts
        ? []
        : [...processed.values()].filter(({ failed, succeeded }) => failed + succeeded > 1)
      return {
        forgotten: unprocessed.length + drafts.length,
        reprocessed: again.length
      } satisfies ProcessingFindings
    }),
    env: {
      ...environment(s3, mixpeek, bucket),
      LEDGER: tables.address,
      UPSERTS: String(variant.upserts),
      UPLOADS: String(variant.uploads),
      PROCESSES: String(variant.processing)
    }
  }
})
