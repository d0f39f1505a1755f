import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Stream } from "effect"
import { Drive, DriveSource } from "../src/index.ts"
import { everything } from "./tree.ts"

const read = (env: Record<string, string>) =>
  Effect.gen(function* () {
    return yield* DriveSource.config
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

/** What was said: options that are not set are left out. */
const set = (options: DriveSource.Options) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const inFolder = { GDRIVE_FOLDERS: "1one" }

const somewhere =
  "Set one of GDRIVE_FOLDERS, GDRIVE_SHARED_DRIVE, GDRIVE_FILES and GDRIVE_FROM (my-drive, shared-with-me or everything)"
const boolean = 'Expected "true" | "yes" | "on" | "1" | "y" | "false" | "no" | "off" | "0" | "n"'
const attributes =
  'Expected "properties" | "appProperties" | "labels" | "description" | "owners" | "webViewLink" | "permissions"'

describe("DriveSource", () => {
  it.effect.each([
    [{ GDRIVE_FOLDERS: "1one" }, { folders: ["1one"] }],
    [
      { GDRIVE_FOLDERS: "1one, https://drive.google.com/drive/folders/2two ,3three" },
      { folders: ["1one", "https://drive.google.com/drive/folders/2two", "3three"] }
    ],
    [{ GDRIVE_SHARED_DRIVE: "0AbCd" }, { sharedDrive: "0AbCd" }],
    [{ GDRIVE_FILES: "1one,2two" }, { files: ["1one", "2two"] }],
    [{ GDRIVE_FROM: "my-drive" }, "my-drive"],
    [{ GDRIVE_FROM: "shared-with-me" }, "shared-with-me"],
    [{ GDRIVE_FROM: "everything" }, "everything"],
    [{ GDRIVE_FOLDERS: "", GDRIVE_SHARED_DRIVE: "", GDRIVE_FILES: "1one", GDRIVE_FROM: "" }, { files: ["1one"] }]
  ] as ReadonlyArray<readonly [Record<string, string>, DriveSource.From]>)(
    "is told by the environment where files are: %o",
    ([env, from]) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(set(yield* read(env)), { from })
      })
  )

  it.effect("is told how to say where files are, where nothing does", () =>
    Effect.gen(function* () {
      assert.include((yield* Effect.flip(read({}))).message, somewhere)
    })
  )

  it.effect("is told one place by the environment, not several", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read({ GDRIVE_FOLDERS: "1one", GDRIVE_FROM: "my-drive" }))
      assert.include(error.message, "GDRIVE_FOLDERS and GDRIVE_FROM are set: only one may say where files are")
    })
  )

  it.effect.each([
    [{ GDRIVE_SHORTCUTS: "skip" }, { shortcuts: "skip" }],
    [{ GDRIVE_SHORTCUTS: "follow" }, { shortcuts: "follow" }],
    [{ GDRIVE_SHORTCUTS: "keep" }, { shortcuts: "keep" }],
    [{ GDRIVE_INCLUDE_TRASHED: "true" }, { includeTrashed: true }],
    [{ GDRIVE_INCLUDE_TRASHED: "false" }, { includeTrashed: false }],
    [{ GDRIVE_OWNED_BY: "me, ada@example.com" }, { ownedBy: ["me", "ada@example.com"] }],
    [{ GDRIVE_ACKNOWLEDGE_ABUSE: "true" }, { acknowledgeAbuse: true }],
    [
      { GDRIVE_LABELS: "l1, l2", GDRIVE_ATTRIBUTES: "labels" },
      { labels: ["l1", "l2"], attributes: ["labels"] }
    ],
    [
      { GDRIVE_ATTRIBUTES: "properties, appProperties,description,owners,webViewLink,permissions" },
      { attributes: ["properties", "appProperties", "description", "owners", "webViewLink", "permissions"] }
    ],
    [{ GDRIVE_LIST_CONCURRENCY: "16" }, { concurrency: 16 }],
    [{ GDRIVE_OWNED_BY: "", GDRIVE_LABELS: "", GDRIVE_ATTRIBUTES: "", GDRIVE_SHORTCUTS: "" }, {}]
  ] as ReadonlyArray<readonly [Record<string, string>, Partial<DriveSource.Options>]>)(
    "is told by the environment what to do: %o",
    ([env, expected]) =>
      Effect.gen(function* () {
        const options = yield* read({ ...inFolder, ...env })
        assert.deepStrictEqual(set(options), { from: { folders: ["1one"] }, ...expected })
      })
  )

  it.effect.each([
    [{ GDRIVE_FROM: "nowhere" }, somewhere, "GDRIVE_FROM"],
    [{ ...inFolder, GDRIVE_SHORTCUTS: "yes" }, 'Expected "follow" | "skip" | "keep"', "GDRIVE_SHORTCUTS"],
    [{ ...inFolder, GDRIVE_INCLUDE_TRASHED: "perhaps" }, boolean, "GDRIVE_INCLUDE_TRASHED"],
    [{ ...inFolder, GDRIVE_ACKNOWLEDGE_ABUSE: "perhaps" }, boolean, "GDRIVE_ACKNOWLEDGE_ABUSE"],
    [{ ...inFolder, GDRIVE_ATTRIBUTES: "owner" }, attributes, "GDRIVE_ATTRIBUTES"],
    [
      { ...inFolder, GDRIVE_LIST_CONCURRENCY: "many" },
      "Expected a string representing a finite number",
      "GDRIVE_LIST_CONCURRENCY"
    ],
    [{ ...inFolder, GDRIVE_LIST_CONCURRENCY: "1.5" }, "Expected an integer", "GDRIVE_LIST_CONCURRENCY"]
  ] as ReadonlyArray<readonly [Record<string, string>, string, string]>)(
    "refuses %o: %s, at %s",
    ([env, expected, at]) =>
      Effect.gen(function* () {
        const { message } = yield* Effect.flip(read(env))
        const [said, where] = message.split("\n")
        assert.deepStrictEqual([said, where?.slice(0, at.length + 9)], [`SchemaError(${expected}`, `  at ["${at}"]`])
      })
  )

  it.effect.each([
    [{ folders: [] }, "gdrive:nothing"],
    [{ sharedDrive: "" }, "gdrive:"],
    [{ files: ["My letter"] }, "gdrive:nothing"]
  ] as ReadonlyArray<readonly [DriveSource.From, string]>)(
    "makes nothing of options that cannot work: %o",
    ([from, name]) =>
      Effect.gen(function* () {
        const source = DriveSource.make({ from, concurrency: 0 })
        const findings = yield* source.check
        const file = { id: "f1", token: "md5:0", uri: "u", path: "a.txt", mimeType: "text/plain", attributes: {} }
        const follow = Option.getOrThrow(source.follow)
        const containers = () => Effect.succeed(new Map())
        const errors = yield* Effect.all([
          Effect.flip(Stream.runDrain(source.sweep(everything))),
          Effect.flip(Stream.runDrain(follow({ ...everything, since: [], containers }))),
          Effect.flip(Stream.runDrain(source.read(file))),
          Effect.flip(source.stat(file))
        ])
        for (const error of errors) {
          assert.deepStrictEqual(
            [error.source, error.operation, error.reason._tag],
            [name, "configure", "Misconfigured"]
          )
          assert.strictEqual(
            error.message,
            findings.map(({ message, remedy, subject }) => `\`${subject}\`: ${message}. ${remedy}`).join("; ")
          )
        }
        assert.deepStrictEqual(
          findings.map(({ severity }) => severity),
          ["error", "error"]
        )
      }).pipe(Effect.provide(Drive.layer({ endpoint: "http://localhost:1" })))
  )

  it("cannot give an address of a file to somebody without an account", () => {
    const file = { id: "f1", token: "md5:0", uri: "u", path: "a.txt", mimeType: "text/plain", attributes: {} }
    assert.isTrue(Option.isNone(DriveSource.make({ from: "my-drive" }).link(file)))
  })
})
