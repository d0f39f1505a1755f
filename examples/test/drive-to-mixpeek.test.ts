import { assert, describe, it } from "@effect/vitest"
import { Report } from "@sluice/core"
import { DriveStandIn } from "@sluice/testkit/drive"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Predicate, Redacted, Schedule, Schema } from "effect"
import { target } from "./acceptance/bench.ts"
import { mixpeekStandIn } from "./acceptance/drive.ts"
import * as Program from "./program.ts"

const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(Report.Report))

/** A folder shared with a service account, and a Mixpeek that takes what is in it. */
const standIns = Effect.fnUntraced(function* (settings: Partial<MixpeekStandIn.Settings> = {}) {
  const drive = yield* DriveStandIn.make({ validateEvery: 50 })
  const mixpeek = yield* mixpeekStandIn({ validateEvery: 50, ...settings })
  const folder = yield* drive.createFolder("taken")
  yield* drive.share(folder, { emailAddress: drive.serviceAccount.clientEmail, role: "writer" })
  const put = (name: string, parent = folder) => drive.createFile({ name, parents: [parent], content: name })
  const env: Record<string, string> = {
    GDRIVE_ENDPOINT: drive.url,
    GDRIVE_TOKEN_ENDPOINT: drive.tokenUrl,
    GDRIVE_SERVICE_ACCOUNT_JSON: Redacted.value(drive.serviceAccount.keyJson),
    GDRIVE_FOLDERS: folder,
    GDRIVE_QUERIES_PER_MINUTE: "100000",
    GDRIVE_BURST: "2000",
    MIXPEEK_URL: mixpeek.url,
    MIXPEEK_API_KEY: Redacted.value(mixpeek.apiKey),
    MIXPEEK_NAMESPACE: mixpeek.namespace,
    MIXPEEK_BUCKET: target,
    MIXPEEK_REQUESTS_PER_MINUTE: "100000"
  }
  return { drive, mixpeek, folder, put, env }
})

/** Paths of the files whose objects the bucket holds. */
const paths = (mixpeek: MixpeekStandIn.MixpeekStandIn) =>
  Effect.map(mixpeek.objects(target), (objects) =>
    objects
      .map(({ fields: { metadata } }) => {
        const source = Predicate.isObject(metadata) ? metadata["source"] : undefined
        return Predicate.isObject(source) && "path" in source ? source["path"] : undefined
      })
      .toSorted()
  )

describe("drive-to-mixpeek.ts", () => {
  it.live("prints its report as one JSON object, and nothing else, on standard output", () =>
    Effect.gen(function* () {
      const { drive, env, folder, mixpeek, put } = yield* standIns()
      const inner = yield* drive.createFolder("inner", { parents: [folder] })
      for (let i = 0; i < 250; i++) yield* put(`${i}.txt`, i % 2 === 0 ? folder : inner)
      const { code, stdout } = yield* Program.run("drive-to-mixpeek.ts", ["--json"], env)
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual(
        [code, report.ended, report.discovered, report.created, report.batches, report.batchFill],
        [0, "complete", 250, 250, 3, 1]
      )
      assert.strictEqual(stdout.trim().split("\n").length, 1)
      assert.strictEqual(yield* mixpeek.count(target), 250)
      assert.deepStrictEqual([yield* drive.violations, yield* mixpeek.violations], [[], []])
    }).pipe(Effect.scoped)
  )

  it.live(
    "takes the folders that its flags name before that of the environment, and its other options from there",
    () =>
      Effect.gen(function* () {
        const { drive, env, folder, mixpeek, put } = yield* standIns()
        const [a, b, c] = yield* Effect.forEach(["a", "b", "c"], (name) =>
          drive.createFolder(name, { parents: [folder] })
        )
        yield* put("not asked for.txt")
        yield* put("1.txt", a)
        yield* put("2.txt", b)
        const third = yield* put("3.txt", c)
        yield* put("4.bin", c)
        yield* drive.createShortcut(third, { parent: c ?? "" })
        const args = ["--json", "--folder", `${a}, ${b}`, "--folder", `https://drive.google.com/drive/folders/${c}`]
        const { stdout } = yield* Program.run("drive-to-mixpeek.ts", [...args, "--include", "**/*.txt"], {
          ...env,
          GDRIVE_SHORTCUTS: "skip"
        })
        const { created, filtered, skips } = yield* decodeReport(stdout)
        assert.deepStrictEqual([created, filtered, skips.map(({ code }) => code)], [3, 1, ["shortcut"]])
        assert.deepStrictEqual(yield* paths(mixpeek), ["a/1.txt", "b/2.txt", "c/3.txt"])
      }).pipe(Effect.scoped)
  )

  it.live("takes a shared drive, and what is shared with the account", () =>
    Effect.gen(function* () {
      const { drive, env, mixpeek, put } = yield* standIns()
      yield* put("shared.txt")
      const team = yield* drive.createDrive("team", { members: { [drive.serviceAccount.clientEmail]: "reader" } })
      yield* put("of the team.txt", team)
      yield* Program.run("drive-to-mixpeek.ts", ["--shared-drive", team], env)
      assert.deepStrictEqual(yield* paths(mixpeek), ["of the team.txt"])
      yield* Program.run("drive-to-mixpeek.ts", ["--from", "shared-with-me"], env)
      assert.deepStrictEqual(yield* paths(mixpeek), ["of the team.txt", "taken/shared.txt"])
    }).pipe(Effect.scoped)
  )

  it.live("says who may read a file in the field that is named for it", () =>
    Effect.gen(function* () {
      const { drive, env, folder, mixpeek, put } = yield* standIns()
      yield* drive.share(folder, { emailAddress: "bob@example.com", role: "reader" })
      yield* put("a.txt")
      const { code } = yield* Program.run("drive-to-mixpeek.ts", ["--access", "readers"], env)
      assert.strictEqual(code, 0)
      const nobody = { users: [], groups: [], domains: [], anyone: false }
      assert.deepStrictEqual(
        (yield* mixpeek.objects(target)).map(({ fields }) => fields["readers"]),
        [
          {
            owners: { ...nobody, users: ["ada@example.com"] },
            writers: { ...nobody, users: [drive.serviceAccount.clientEmail] },
            readers: { ...nobody, users: ["bob@example.com"] }
          }
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.live("goes on every so long, with what changed meanwhile alone, and ends with 143 on SIGTERM", () =>
    Effect.gen(function* () {
      const { drive, env, mixpeek, put } = yield* standIns()
      const [gone, renamed] = yield* Effect.forEach(["a.txt", "b.txt", "c.txt"], (name) => put(name))
      const program = yield* Program.start("drive-to-mixpeek.ts", ["--every", "50 millis", "--json"], env)
      const until = (expected: ReadonlyArray<string>) =>
        Effect.repeat(paths(mixpeek), {
          until: (found) => JSON.stringify(found) === JSON.stringify(expected),
          schedule: Schedule.spaced("20 millis")
        })
      yield* until(["a.txt", "b.txt", "c.txt"])
      yield* drive.trash(gone ?? "")
      yield* drive.rename(renamed ?? "", "z.txt")
      yield* put("d.txt")
      yield* until(["c.txt", "d.txt", "z.txt"])
      yield* program.kill("SIGTERM")
      const { code, stdout } = yield* program.ended
      const reports = yield* Effect.forEach(stdout.trim().split("\n"), (line) => decodeReport(line))
      const sum = (column: "created" | "updated" | "removed") =>
        reports.reduce((total, report) => total + report[column], 0)
      assert.deepStrictEqual([code, sum("created"), sum("updated"), sum("removed")], [143, 4, 1, 1])
    }).pipe(Effect.scoped)
  )

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const) {
    it.live(`stops on ${signal}: settles what was sent, reports, and ends with ${expected}`, () =>
      Effect.gen(function* () {
        const { drive, env, folder, mixpeek } = yield* standIns({ latency: "300 millis" })
        yield* drive.seed({ files: 3_000, parent: folder })
        const program = yield* Program.start("drive-to-mixpeek.ts", ["--json"], {
          ...env,
          GDRIVE_QUERIES_PER_MINUTE: "12000"
        })
        yield* Effect.repeat(mixpeek.count(target), {
          until: (count) => count > 0,
          schedule: Schedule.spaced("20 millis")
        })
        yield* program.kill(signal)
        const { code, stdout } = yield* program.ended
        const report = yield* decodeReport(stdout)
        assert.deepStrictEqual([code, report.ended], [expected, "stopped"])
        assert.strictEqual(report.created, yield* mixpeek.count(target))
        assert.isAbove(report.unsettled, 0)
        assert.deepStrictEqual(yield* mixpeek.duplicates(target), [])
      }).pipe(Effect.scoped)
    )
  }

  const refused: ReadonlyArray<
    readonly [what: string, args: ReadonlyArray<string>, env: Record<string, string>, says: string]
  > = [
    ["a folder that is not shared", ["--folder", "nobody_shared_this"], {}, "share it with this account"],
    ["a field that the bucket does not declare", ["--access", "acl"], {}, "schema does not declare it"],
    ["two places at once", ["--folder", "abcdef", "--from", "my-drive"], {}, "give one of --folder"],
    ["no place", [], { GDRIVE_FOLDERS: "" }, "give --folder, --shared-drive or --from"],
    ["an account that is none", [], { GDRIVE_SERVICE_ACCOUNT_JSON: "{}" }, "`credentials.key.json`"]
  ]

  it.live.each(refused)("refuses %s in a sentence, on standard error alone, and sends nothing", ([, args, env, says]) =>
    Effect.gen(function* () {
      const { env: all, mixpeek, put } = yield* standIns()
      yield* put("a.txt")
      const { code, stderr, stdout } = yield* Program.run("drive-to-mixpeek.ts", ["--json", ...args], {
        ...all,
        ...env
      })
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.include(stderr, says)
      assert.notMatch(stderr, /\n\s+at \/|\n\s+at \w+ \(/)
      assert.isUndefined((yield* mixpeek.totals).byOperation["createObjectsBatch"])
    }).pipe(Effect.scoped)
  )

  it.live("tells no secret, however it ends", () =>
    Effect.gen(function* () {
      const { drive, env, folder, mixpeek } = yield* standIns({ badObjects: 0.2 })
      yield* drive.seed({ files: 60, parent: folder, special: true })
      const keyJson = Redacted.value(drive.serviceAccount.keyJson)
      const secrets = [
        Redacted.value(mixpeek.apiKey),
        ...keyJson.split("\\n").filter((line) => line.length > 40 && !line.includes("-----"))
      ]
      assert.isAbove(secrets.length, 5)
      const environments = [
        env,
        { ...env, GDRIVE_SERVICE_ACCOUNT_JSON: keyJson.slice(1) },
        { ...env, MIXPEEK_API_KEY: `${Redacted.value(mixpeek.apiKey)}x` },
        { ...env, GDRIVE_ENDPOINT: "http://drive.example.com" }
      ]
      for (const [index, one] of environments.entries()) {
        const { code, stderr, stdout } = yield* Program.run("drive-to-mixpeek.ts", ["--log-level", "debug"], one)
        assert.strictEqual(code, index === 0 ? 0 : 1)
        assert.isNotEmpty(stdout + stderr)
        for (const secret of secrets) assert.notInclude(stdout + stderr, secret)
      }
    }).pipe(Effect.scoped)
  )
})

describe("npm start -- --source gdrive", () => {
  it.live("moves a folder, and then what changed in it alone", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* Program.run("start.ts", ["--source", "gdrive"])
      assert.strictEqual(code, 0)
      assert.include(stdout, "discovered 1,207 = unchanged 0 + filtered 0 + created 1,206 + updated 0 + skipped 1 +")
      assert.include(
        stdout,
        "discovered 3 = unchanged 0 + filtered 0 + created 1 + updated 1 + skipped 0 + rejected 0 + removed 1"
      )
      assert.include(stdout, "(changes.list: 1)")
      assert.strictEqual(stdout.match(/"source_details"/g)?.length, 2)
      assert.include(stdout, `"target": {`)
    })
  )

  it.live("prints nothing but the report of the first run with --json", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* Program.run("start.ts", ["--source=gdrive", "--json"])
      const report = yield* decodeReport(stdout)
      assert.deepStrictEqual([code, report.created, report.batchFill], [0, 1206, 1])
    })
  )

  it.live("knows no other sources", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* Program.run("start.ts", ["--source", "ftp"])
      assert.deepStrictEqual([code, stderr.trim()], [1, "--source is s3 or gdrive"])
    })
  )
})

describe("drive-bytes.ts", () => {
  it.live("streams what nobody else can fetch into Mixpeek's storage, and says how", () =>
    Effect.gen(function* () {
      const { drive, env, folder, mixpeek, put } = yield* standIns()
      for (let i = 0; i < 20; i++) yield* put(`${i}.txt`)
      yield* drive.createFile({ name: "empty.txt", parents: [folder], content: "" })
      yield* drive.createFile({ name: "large.pdf", parents: [folder], content: "x".repeat(7_000_000) })
      const { code, stderr, stdout } = yield* Program.run("drive-bytes.ts", [], env)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.include(stdout, "delivery: by upload, up to 2,000,000,000 bytes")
      assert.include(stdout, "created 22 ")
      assert.include(stdout, "22 of 22 uploads complete, ")
      const objects = yield* mixpeek.objects(target)
      assert.isTrue(objects.every(({ blobs }) => blobs[0]?.content.form === "upload"))
      assert.deepStrictEqual([yield* mixpeek.orphans(target), yield* mixpeek.violations], [[], []])
    }).pipe(Effect.scoped)
  )
})
