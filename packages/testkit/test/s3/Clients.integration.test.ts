/** The stand-in, listed and read by S3 clients that are not ours. Installed by `scripts/integration-tools.sh`. */
import { GetObjectCommand } from "@aws-sdk/client-s3"
import { S3StandIn } from "@sluice/testkit/s3"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { execFile } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { oddKeys } from "./conformance/keys.ts"
import { clientOf } from "./target.ts"

const run = promisify(execFile)

// Folders with an empty name are folders to neither client, and a path on disk cannot climb or be 1,024 bytes in one name.
const copied = oddKeys.filter(
  (key) => key.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !/^(?:long|wide)\//.test(key)
)

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sluice-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

const environment = (s3: S3StandIn.S3StandIn) => {
  // A bundle of certificates is of no use on loopback, and rclone refuses to start with one.
  const { AWS_CA_BUNDLE: _, ...rest } = process.env
  return {
    ...rest,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: Redacted.value(s3.secretAccessKey),
    AWS_DEFAULT_REGION: s3.region,
    AWS_EC2_METADATA_DISABLED: "true"
  }
}

const rclone = (s3: S3StandIn.S3StandIn, ...commands: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const provider = ["--s3-provider", "Other", "--s3-env-auth", "--s3-region", s3.region, "--s3-endpoint", s3.url]
    const protocol = ["--s3-force-path-style", "--s3-list-version", "2", "--s3-list-url-encode", "true"]
    const options = ["--config", "/dev/null", ...provider, ...protocol]
    const { stdout } = await run("rclone", [...commands, ...options], { env: environment(s3), maxBuffer: 2 ** 28 })
    return stdout
  })

const aws = (s3: S3StandIn.S3StandIn, ...commands: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const options = ["--endpoint-url", s3.url]
    const env = {
      ...environment(s3),
      AWS_PAGER: "",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null"
    }
    const { stdout } = await run("aws", [...commands, ...options], { env, maxBuffer: 2 ** 28 })
    return stdout
  })

const contentsOf = (folder: string) =>
  Effect.promise(async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), "utf8")))
  })

const fill = (s3: S3StandIn.S3StandIn, bucket: string, keys: ReadonlyArray<string>) =>
  Effect.forEach(keys, (key) => s3.put(bucket, key, `content of ${key}`))

const readBack = (s3: S3StandIn.S3StandIn, Bucket: string, Key: string) =>
  Effect.gen(function* () {
    const client = yield* clientOf({ ...s3, endpoint: s3.url })
    const got = yield* Effect.promise(() => client.send(new GetObjectCommand({ Bucket, Key })))
    return { bytes: yield* Effect.promise(async () => got.Body?.transformToByteArray()), etag: got.ETag }
  })

const installed = (command: string) =>
  run(command, ["--version"]).then(
    () => true,
    () => false
  )
const awsIsHere = await installed("aws")

it.effect("rclone copies every file of a bucket, odd names included", () =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make()
    const folder = yield* temporaryFolder
    yield* fill(s3, "files", copied)
    yield* rclone(s3, "copy", ":s3:files", folder)
    assert.sameMembers(
      yield* contentsOf(folder),
      copied.map((key) => `content of ${key}`)
    )
    assert.isFalse(
      (yield* s3.requests).some((entry) => entry.operation === undefined || entry.error === "NotImplemented")
    )
  })
)

it.effect("rclone lists a hundred thousand pretended keys, recursively and at once", () =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make()
    const key = (index: number) =>
      `${String(Math.floor(index / 1000)).padStart(3, "0")}/${String(index).padStart(6, "0")} ü.txt`
    yield* s3.pretend("many", { count: 100_000, key, size: 10 })
    const listed = yield* rclone(s3, "lsf", "-R", "--files-only", "--fast-list", ":s3:many")
    const lines = listed.trimEnd().split("\n").toSorted()
    assert.strictEqual(lines.length, 100_000)
    assert.deepStrictEqual([lines[0], lines[99_999]], [key(0), key(99_999)])
  })
)

it.effect("rclone uploads in parts what the SDK then reads", () =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make()
    const folder = yield* temporaryFolder
    yield* s3.createBucket("parts")
    const bytes = randomBytes(12_000_000)
    yield* Effect.promise(() => writeFile(join(folder, "big.bin"), bytes))
    yield* rclone(s3, "copy", folder, ":s3:parts", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M")
    const got = yield* readBack(s3, "parts", "big.bin")
    assert.isTrue(got.bytes !== undefined && bytes.equals(got.bytes))
    assert.match(got.etag ?? "", /-3"$/)
    yield* rclone(s3, "check", "--download", folder, ":s3:parts")
  })
)

it.effect.skipIf(!awsIsHere)("aws-cli lists and copies every file of a bucket", () =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make()
    const folder = yield* temporaryFolder
    const keys = copied.filter((key) => !key.includes("\n") && !key.includes("\r"))
    yield* fill(s3, "files", keys)
    const listed = yield* aws(s3, "s3api", "list-objects-v2", "--bucket", "files", "--query", "Contents[].Key")
    assert.sameMembers(JSON.parse(listed), [...keys])
    yield* aws(s3, "s3", "sync", "s3://files", folder)
    assert.sameMembers(
      yield* contentsOf(folder),
      keys.map((key) => `content of ${key}`)
    )
  })
)

it.effect.skipIf(!awsIsHere)("aws-cli reads keys that no path on disk could have", () =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make()
    const folder = yield* temporaryFolder
    const keys = [
      "//two leading.txt",
      "a/./b/../c.txt",
      "../dot/dot/segment.txt",
      "control-\u0001-\u001f.txt",
      "new\nline.txt"
    ]
    yield* fill(s3, "files", keys)
    const file = join(folder, "read")
    for (const key of keys) {
      yield* aws(s3, "s3api", "get-object", "--bucket", "files", "--key", key, file)
      assert.strictEqual(yield* Effect.promise(() => readFile(file, "utf8")), `content of ${key}`)
    }
  })
)

it.effect.skipIf(!awsIsHere)("aws-cli uploads in parts, with checksums of its own, what the SDK then reads", () =>
  Effect.gen(function* () {
    const s3 = yield* S3StandIn.make()
    const folder = yield* temporaryFolder
    yield* s3.createBucket("parts")
    const bytes = randomBytes(20_000_000)
    const file = join(folder, "big.bin")
    yield* Effect.promise(() => writeFile(file, bytes))
    yield* aws(s3, "s3", "cp", file, "s3://parts/a b/big.bin")
    const got = yield* readBack(s3, "parts", "a b/big.bin")
    assert.isTrue(got.bytes !== undefined && bytes.equals(got.bytes))
    yield* aws(s3, "s3", "cp", "s3://parts/a b/big.bin", join(folder, "back.bin"))
    const back = yield* Effect.promise(() => readFile(join(folder, "back.bin")))
    assert.strictEqual(
      createHash("sha256").update(back).digest("hex"),
      createHash("sha256").update(bytes).digest("hex")
    )
  })
)
