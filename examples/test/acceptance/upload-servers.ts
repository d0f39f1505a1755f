/**
 * An S3 and a Drive with files of given sizes, whose bytes are computed, and a Mixpeek that keeps none of them; in a process of
 * their own, so that a test can measure another's memory. Speaks to the process that forked it: `Addresses` when it listens,
 * then an answer to each `Question`.
 */
import { NodeRuntime } from "@effect/platform-node"
import { DriveStandIn, Fault as DriveFault } from "@sluice/testkit/drive"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Fault as S3Fault, S3StandIn } from "@sluice/testkit/s3"
import { Effect, Redacted } from "effect"
import { environment, schema, target } from "./bench.ts"

/** Environments of the program, for each store. */
export interface Addresses {
  readonly s3: Record<string, string>
  readonly gdrive: Record<string, string>
}

/** One file, by its path. */
export type Line = readonly [path: string, bytes: number, sha256: string]

/** What came of it. */
export interface Found {
  readonly objects: ReadonlyArray<Line>
  readonly duplicates: number
  readonly orphans: number
  readonly uploads: number
  readonly violations: ReadonlyArray<string>
}

/** `Trickle`: bodies of the stores come so fast, until it is zero. */
export type Question =
  | { readonly _tag: "Found" }
  | { readonly _tag: "Expected"; readonly store: "s3" | "gdrive" }
  | { readonly _tag: "Trickle"; readonly bytesPerSecond: number }

/** Sizes of files, and of documents that a Drive exports: their length is not known before. */
export interface Sizes {
  readonly files: ReadonlyArray<number>
  readonly documents: ReadonlyArray<number>
}

const nameOf = (index: number, bytes: number) => `${String(index).padStart(3, "0")} ${bytes}.mp4`

const s3Of = Effect.fnUntraced(function* ({ files }: Sizes) {
  const s3 = yield* S3StandIn.make()
  const key = (index: number) => nameOf(index, files[index] ?? 0)
  yield* s3.pretend("files", { count: files.length, key, size: (index) => files[index] ?? 0 })
  const lines = Effect.forEach(files, (bytes, index) =>
    Effect.map(s3.sha256("files", key(index)), (sha256): Line => [key(index), bytes, sha256 ?? "none"])
  )
  return { s3, lines }
})

const driveOf = Effect.fnUntraced(function* ({ documents, files }: Sizes) {
  const drive = yield* DriveStandIn.make()
  const folder = yield* drive.createFolder("files")
  yield* drive.share(folder, { emailAddress: drive.serviceAccount.clientEmail, role: "reader" })
  for (const [index, size] of files.entries()) {
    yield* drive.createFile({ name: nameOf(index, size), parents: [folder], content: { size } })
  }
  const mimeType = "application/vnd.google-apps.document"
  for (const [index, size] of documents.entries()) {
    yield* drive.createFile({ name: `document ${index}`, mimeType, parents: [folder], content: { size } })
  }
  const lines = Effect.map(drive.items(), (items) =>
    items
      .filter(({ kind }) => kind === "file" || kind === "document")
      .map((item, index): Line => {
        const sizes = [...files, ...documents]
        const isDocument = item.kind === "document"
        const sha256 = item.sha256(isDocument ? "application/pdf" : undefined)
        return [isDocument ? `${item.name}.pdf` : item.name, sizes[index] ?? 0, sha256]
      })
  )
  return { drive, folder, lines }
})

const pathOf = (fields: MixpeekStandIn.StoredObject["fields"]): string =>
  /"path":"([^"]*)"/.exec(JSON.stringify(fields))?.[1] ?? "no path"

const foundIn = Effect.fnUntraced(function* (mixpeek: MixpeekStandIn.MixpeekStandIn) {
  const found: Found = {
    objects: (yield* mixpeek.objects(target)).map(({ blobs, fields }): Line => [
      pathOf(fields),
      blobs[0]?.content.size ?? -1,
      blobs[0]?.content.sha256 ?? "none"
    ]),
    duplicates: (yield* mixpeek.duplicates(target)).length,
    orphans: (yield* mixpeek.orphans(target)).length,
    uploads: (yield* mixpeek.uploads(target)).length,
    violations: yield* mixpeek.violations
  }
  return found
})

const serve = (sizes: Sizes) =>
  Effect.gen(function* () {
    const s3 = yield* s3Of(sizes)
    const drive = yield* driveOf(sizes)
    const mixpeek = yield* MixpeekStandIn.make({ buckets: [{ id: target, schema }], keepContent: 0 })
    const answer = Effect.fnUntraced(function* (question: Question) {
      switch (question._tag) {
        case "Found":
          return yield* foundIn(mixpeek)
        case "Expected":
          return yield* question.store === "s3" ? s3.lines : drive.lines
        case "Trickle": {
          const { bytesPerSecond } = question
          if (bytesPerSecond === 0) return yield* Effect.all([s3.s3.faults.clear, drive.drive.faults.clear])
          yield* s3.s3.faults.set([S3Fault.slow({ bytesPerSecond, operations: ["GetObject"] })])
          return yield* drive.drive.faults.set([
            DriveFault.slow({ bytesPerSecond, operations: ["files.media", "files.export"] })
          ])
        }
      }
    })
    // Only the tests speak to it, and they say these questions.
    process.on("message", (question) =>
      Effect.runFork(Effect.map(answer(question as Question), (answered) => process.send?.(answered ?? null)))
    )
    process.on("disconnect", () => process.exit(0))
    const { serviceAccount, tokenUrl, url } = drive.drive
    const addresses: Addresses = {
      s3: { STORE: "s3", ...environment(s3.s3, mixpeek, "files") },
      gdrive: {
        STORE: "gdrive",
        ...environment(s3.s3, mixpeek, "files"),
        DRIVE_URL: url,
        DRIVE_TOKEN_URL: tokenUrl,
        DRIVE_KEY: Redacted.value(serviceAccount.keyJson),
        DRIVE_FOLDER: drive.folder
      }
    }
    process.send?.(addresses)
    return yield* Effect.never
  }).pipe(Effect.scoped)

// What the tests give as the argument.
if (import.meta.main) NodeRuntime.runMain(serve(JSON.parse(process.argv[2] ?? "") as Sizes))
