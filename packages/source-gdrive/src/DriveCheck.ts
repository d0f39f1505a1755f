/**
 * Who we are and what we may do, before any work.
 */
import { Check, type Source, type SourceFile } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Contents from "./Contents.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import { isFolder, isShortcut, type Location, nowhere } from "./Entry.ts"
import type { Folder } from "./Listing.ts"
import { probe } from "./Read.ts"
import type { Settings } from "./Settings.ts"
import * as Survey from "./Survey.ts"
import type { File } from "./Wire.ts"

/** Folders looked into, one in the other, to find a file that can be read. */
const depth = 4

export const check = (settings: Settings): Effect.Effect<ReadonlyArray<Check.Finding>, Source.SourceError, Drive> => {
  if (settings.problems.length > 0) {
    return Effect.succeed(settings.problems.map(({ field, problem, remedy }) => Check.error(field, problem, remedy)))
  }
  return Effect.gen(function* () {
    const drive = yield* Drive
    const findings: Array<Check.Finding> = [...drive.findings]
    yield* inTurn(settings, drive, (finding) => void findings.push(finding)).pipe(
      Effect.mapError((error) => (error._tag === "DriveError" ? toSourceError(settings.name)(error) : error)),
      Effect.catchIf(isAnswer, (error) => Effect.sync(() => void findings.push(findingOf(error))))
    )
    return findings
  })
}

/** Google said something; where it could not be reached, nothing is found out. */
const isAnswer = (error: Source.SourceError): boolean => error.reason._tag !== "Unavailable"

const subjects: { readonly [operation: string]: string } = {
  token: "credentials",
  "about.get": "credentials",
  "files.media": "read",
  "files.export": "read",
  "permissions.list": "permissions"
}

const findingOf = ({ message, operation }: Source.SourceError): Check.Finding => {
  const [, field, said = message] = /^`([^`]+)`: (.*)$/.exec(message) ?? []
  const [problem = said, ...rest] = said.split(": ")
  const remedy = rest.join(": ")
  return Check.error(
    field ?? subjects[operation] ?? "from",
    problem,
    remedy === "" ? "Share it with this account" : remedy
  )
}

/** One thing after the other: what comes later makes no sense without what comes before. */
const inTurn = Effect.fnUntraced(function* (
  settings: Settings,
  drive: Drive["Service"],
  find: (finding: Check.Finding) => void
) {
  const { user } = yield* drive.about("user(displayName,emailAddress)")
  const name = user?.emailAddress ?? user?.displayName ?? "an account without a name"
  find(Check.ok("credentials", `signed in as ${name}`))
  const survey = yield* Survey.begin({
    drive,
    settings,
    asked: { attributes: new Set(), pathPrefixes: [""] },
    feeds: [],
    onFeed: () => Effect.void,
    remember: () => Effect.undefined
  })
  const { count, file } = yield* sample(survey, settings)
  find(
    count > 0
      ? Check.ok("from", `${settings.name} can be listed, and its changes followed`)
      : Check.warning(
          "from",
          `${settings.name} can be listed, and nothing is there`,
          `Check \`from\`, and what is shared with ${name}`
        )
  )
  if (file === undefined) return
  const change = yield* Contents.changeOf(survey.reader.listing, file, file.file)
  // What may not be downloaded is found by reading it.
  if (change._tag === "Reject" && change.reason.code !== "no-download") {
    find(Check.error("attributes", change.reason.message, "Grant the permission, or leave the attribute out"))
  }
  // What is left alone is not read.
  if (change._tag !== "Skip") find(yield* readable(settings, change.file))
})

const readable = (settings: Settings, file: SourceFile.SourceFile) =>
  probe(settings, file).pipe(
    Effect.as(Check.ok("read", "a file was read")),
    Effect.catchIf(isOfThisFile, ({ message }) =>
      Effect.succeed(
        Check.warning("read", `the file that was tried could not be read: ${message}`, "Other files may be")
      )
    )
  )

/** It says nothing of others. */
const isOfThisFile = ({ code, reason }: Source.SourceError): boolean =>
  reason._tag === "Gone" || reason._tag === "NoContent" || (reason._tag === "Denied" && code !== "no-permission")

interface Sample {
  /** Files and folders seen. */
  readonly count: number
  readonly file: { readonly file: File; readonly location: Location } | undefined
}

/** Some of what is there, and one file of it that has bytes, as near to the top as there is one. */
const sample = Effect.fnUntraced(function* ({ reader, roots }: Survey.Survey, { where }: Settings) {
  const { listing } = reader
  if (where._tag === "Files") {
    const found = yield* Effect.forEach(where.files.slice(0, 10), listing.file)
    return first(found.flatMap(Option.toArray))
  }
  let count = 0
  const tops: Array<Folder> = [...roots.folders]
  const folderIn = (files: ReadonlyArray<File>): Folder | undefined => {
    const found = files.find(isFolder)
    return (
      found && {
        id: found.id,
        resourceKey: found.resourceKey,
        path: "",
        depth: 0,
        drive: reader.corpusOf(found)
      }
    )
  }
  for (const list of roots.lists) {
    const { files } = yield* listing.search(list.condition, list.corpus)
    count += files.length
    const { file } = first(files)
    if (file !== undefined) return { count, file }
    const top = folderIn(files)
    if (top !== undefined) tops.push(top)
  }
  for (const top of tops) {
    let folder: Folder | undefined = top
    for (let level = 0; level < depth && folder !== undefined; level++) {
      const { files }: { readonly files: ReadonlyArray<File> } = yield* listing.children([folder])
      count += files.length
      const { file } = first(files)
      if (file !== undefined) return { count, file }
      folder = folderIn(files)
    }
  }
  return { count, file: undefined }
})

const first = (files: ReadonlyArray<File>): Sample => {
  const file =
    files.find(({ md5Checksum }) => md5Checksum !== undefined) ??
    files.find((one) => !isFolder(one) && !isShortcut(one))
  return { count: files.length, file: file && { file, location: nowhere } }
}
