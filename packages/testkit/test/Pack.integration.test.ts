/** The packages as their users get them: packed, installed into an empty folder, imported and type-checked. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../../..")
const packages = ["core", "source-s3", "source-gdrive", "sink-mixpeek", "testkit"]
const pnpm = ["-y", "pnpm@12.21.0"]

const run = (command: string, args: ReadonlyArray<string>, cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })

const program = `
import { Filter, Ledger, Pipeline } from "@sluice/core"
import { S3, S3Source } from "@sluice/source-s3"
import { Credentials, Drive, DriveSource } from "@sluice/source-gdrive"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { DriveStandIn } from "@sluice/testkit/drive"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

const sink = MixpeekSink.make({ bucket: "bkt_files" })
const pipeline = Pipeline.make({
  name: "packed",
  source: S3Source.make({ bucket: "files" }),
  filter: Filter.make({ extensions: ["txt"] }),
  map: MixpeekObject.fromFile({ property: "text" }),
  sink
})
const program = Effect.gen(function* () {
  const s3 = yield* S3StandIn.make()
  const drive = yield* DriveStandIn.make()
  const mixpeek = yield* MixpeekStandIn.make({ buckets: [{ id: "bkt_files" }] })
  const folder = yield* drive.createFolder("files")
  yield* drive.createFile({ name: "a.txt", parents: [folder], content: "a" })
  const fromDrive = Pipeline.make({
    name: "packed drive",
    source: DriveSource.make({ from: { folders: [folder] } }),
    map: MixpeekObject.fromFile({ property: "text" }),
    sink
  })
  const { clientId, clientSecret, refreshToken } = drive.oauth
  const clients = Layer.mergeAll(
    Drive.layer({
      endpoint: drive.url,
      tokenEndpoint: drive.tokenUrl,
      credentials: Credentials.OAuth({ clientId, clientSecret, refreshToken })
    }),
    Mixpeek.layer(mixpeek).pipe(Layer.provide(FetchHttpClient.layer))
  )
  const report = yield* Pipeline.run(fromDrive).pipe(Effect.provide([clients, Ledger.layerMemory]))
  const names = SampleFiles.list(3).length
  return [pipeline.name, S3.key, Mixpeek.key, names, new URL(s3.url).protocol, mixpeek.namespace, report.created]
}).pipe(Effect.scoped)
console.log(JSON.stringify(await Effect.runPromise(program)))
`

/** Prints the names of the packages that are loaded by an import of the one that is given. */
const loading = `
import { registerHooks } from "node:module"
const names = new Set()
registerHooks({
  load: (url, context, next) => {
    names.add(url.split("/node_modules/").at(-1).match(/^(@[^/]+\\/)?[^/]+/)[0])
    return next(url, context)
  }
})
await import(process.argv[1])
console.log([...names].join(" "))
`

describe("packed packages", () => {
  it("install into an empty folder, import, refuse what is internal, and have types", { timeout: 240_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-pack-"))
    try {
      const projects = packages.map((name) => `packages/${name}`)
      run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", ...projects], root)
      for (const name of packages)
        run("npx", [...pnpm, "pack", "--pack-destination", folder], join(root, "packages", name))
      const tarballs = Object.fromEntries(
        packages.map((name) => [
          `@sluice/${name}`,
          `file:./${readdirSync(folder).find((file) => file.startsWith(`sluice-${name}-`))}`
        ])
      )
      for (const tarball of Object.values(tarballs)) {
        const names = run("tar", ["-tzf", join(folder, tarball.slice("file:./".length))], folder).split("\n")
        assert.isTrue(names.includes("package/package.json"))
        assert.isTrue(names.some((name) => name.startsWith("package/dist/") && name.endsWith(".js")))
        assert.isTrue(names.some((name) => name.startsWith("package/dist/") && name.endsWith(".d.ts")))
        assert.isFalse(names.some((name) => /\/test\/|\.test\./.test(name)))
      }
      const app = join(folder, "app")
      mkdirSync(app)
      const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
        readonly devDependencies: Readonly<Record<string, string>>
      }
      writeFileSync(
        join(app, "package.json"),
        JSON.stringify({
          name: "app",
          private: true,
          type: "module",
          dependencies: {
            ...Object.fromEntries(Object.entries(tarballs).map(([name, at]) => [name, at.replace("./", "../")])),
            effect: "4.1.0",
            "@effect/vitest": "4.0.5",
            "@types/node": "26.6.6",
            typescript: devDependencies["typescript"],
            vitest: "5.1.1"
          }
        })
      )
      const overrides = Object.entries(tarballs).map(([name, at]) => `  "${name}": "${at.replace("./", "../")}"`)
      writeFileSync(
        join(app, "pnpm-workspace.yaml"),
        `overrides:\n${overrides.join("\n")}\nallowBuilds:\n  esbuild: false\n`
      )
      run("npx", [...pnpm, "install", "--prefer-offline", "--no-frozen-lockfile"], app)

      for (const name of packages) {
        const manifest = readFileSync(join(app, "node_modules/@sluice", name, "package.json"), "utf8")
        assert.notMatch(manifest, /workspace:|catalog:/)
        assert.notInclude(manifest, `"./src/`)
      }
      writeFileSync(join(app, "main.ts"), program)
      writeFileSync(
        join(app, "contracts.ts"),
        `export { sourceContract } from "@sluice/testkit/source-contract"\nexport { sinkContract } from "@sluice/testkit/sink-contract"\n`
      )
      writeFileSync(
        join(app, "tsconfig.json"),
        JSON.stringify({
          compilerOptions: {
            module: "nodenext",
            target: "es2024",
            strict: true,
            exactOptionalPropertyTypes: true,
            noEmit: true,
            types: ["node"]
          },
          files: ["main.ts", "contracts.ts"]
        })
      )
      run(process.execPath, [join(app, "node_modules/typescript/bin/tsc"), "-p", "."], app)
      assert.deepStrictEqual(JSON.parse(run(process.execPath, ["main.ts"], app)), [
        "packed",
        "@sluice/source-s3/S3",
        "@sluice/sink-mixpeek/Mixpeek",
        3,
        "http:",
        "ns_stand_in",
        1
      ])
      const evaluate = (code: string, ...args: ReadonlyArray<string>) =>
        run(process.execPath, ["--input-type=module", "-e", code, ...args], app)
      const insides = [
        "core/internal/glob",
        "source-s3/internal/listPage",
        "source-gdrive/internal/tokens",
        "testkit/internal/body"
      ]
      for (const inside of insides) {
        const refused = `await import("@sluice/${inside}").then(() => "allowed", (error) => error.code)`
        assert.include(evaluate(`console.log(${refused})`), "ERR_PACKAGE_PATH_NOT_EXPORTED", inside)
      }
      // Google's client waits until it is used, and the whole of platform-node brings the client of a database.
      const loaded = evaluate(loading, "@sluice/source-gdrive").trim().split(" ")
      assert.sameMembers(
        loaded.filter((name) => !name.startsWith("node:")),
        [
          "@sluice/core",
          "@sluice/source-gdrive",
          "effect",
          "mime",
          "@effect/platform-node",
          "@effect/platform-node-shared"
        ]
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
