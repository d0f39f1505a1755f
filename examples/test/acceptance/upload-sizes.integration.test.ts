/**
 * The same with large files, from a Ceph, and where the run is killed in the middle of a file. `SLUICE_LARGE_BYTES`: how much
 * the largest one has.
 */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client
} from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Line } from "./upload-servers.ts"
import { assertWhole, folders, killWhen, mostMemory, run, servers } from "./upload-sizes.ts"

/** 2 GiB and a byte: more than a length of 31 bits says. */
const large = Number(process.env["SLUICE_LARGE_BYTES"] ?? 2 * 1024 ** 3 + 1)
const background = 100_000_000
const around = [background - 1, background, background + 1]

describe("large files", () => {
  it.live.each([
    ["s3", around],
    ["gdrive", around],
    ["s3", [large]]
  ] as const)(
    "arrive whole, in little memory (%s, %j)",
    ([store, files]) =>
      Effect.gen(function* () {
        const { addresses, expected, found } = yield* servers({ files, documents: [] })
        const job = { env: addresses[store], method: "auto" as const, folders: yield* folders }
        const { peak, uploads } = yield* run(job)
        assertWhole(yield* found, yield* expected(store), job.folders)
        assert.isAtMost(peak, mostMemory)
        assert.strictEqual(uploads.completed, files.length)
      }).pipe(Effect.scoped),
    120_000
  )
})

const endpoint = process.env["SLUICE_CEPH_URL"] ?? "http://127.0.0.1:7480"
const accessKeyId = process.env["SLUICE_CEPH_ACCESS_KEY_ID"] ?? "S3RVER"
const secretAccessKey = process.env["SLUICE_CEPH_SECRET_ACCESS_KEY"] ?? "S3RVER"

/** A bucket with files of these sizes, emptied and removed when the scope closes. */
const cephWith = (sizes: ReadonlyArray<number>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = new S3Client({
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        requestChecksumCalculation: "WHEN_REQUIRED"
      })
      const bucket = `sluice-sizes-${randomUUID().slice(0, 8)}`
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      const lines: Array<Line> = []
      for (const size of sizes) {
        const body = randomBytes(size)
        const key = `${size}.mp4`
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
        lines.push([key, size, createHash("sha256").update(body).digest("hex")])
      }
      return { bucket, client, lines }
    }),
    ({ bucket, client, lines }) =>
      Effect.promise(async () => {
        for (const [key] of lines) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
        await client.send(new DeleteBucketCommand({ Bucket: bucket }))
        client.destroy()
      })
  )

describe("files of Ceph", () => {
  it.live(
    "arrive whole, whatever their size",
    () =>
      Effect.gen(function* () {
        const { bucket, lines } = yield* cephWith([0, 1, 4_999_999, 5_000_000, 5_000_001, ...around])
        const { addresses, found } = yield* servers({ files: [], documents: [] })
        const env = {
          ...addresses.s3,
          S3_ENDPOINT: endpoint,
          S3_ACCESS_KEY_ID: accessKeyId,
          S3_SECRET_ACCESS_KEY: secretAccessKey,
          S3_BUCKET: bucket
        }
        const job = { env, method: "upload" as const, folders: yield* folders }
        const { peak } = yield* run(job)
        assertWhole(yield* found, lines, job.folders)
        assert.isAtMost(peak, mostMemory)
      }).pipe(Effect.scoped),
    120_000
  )
})

/** Bytes that a process has waiting in files without a name that were in this folder. */
const waiting = (pid: number, folder: string): number => {
  const descriptors = `/proc/${pid}/fd`
  try {
    return readdirSync(descriptors)
      .map((fd) => join(descriptors, fd))
      .filter((fd) => readlinkSync(fd).startsWith(folder))
      .reduce((sum, fd) => sum + statSync(fd).size, 0)
  } catch {
    // It has just closed one, or has not begun.
    return 0
  }
}

/** Bytes that a process has handed over to the system, to files and connections. */
const written = (pid: number): number =>
  Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0)

describe("a run that is killed", () => {
  const some = 1_000_000

  it.live.each([
    ["while content of unknown length waits", "gdrive", { files: [], documents: [5_000_001] }],
    ["in the middle of a PUT", "s3", { files: [20_000_000], documents: [] }]
  ] as const)(
    "%s leaves nothing behind, and the next one takes all",
    ([what, store, sizes]) =>
      Effect.gen(function* () {
        const { addresses, expected, found, trickle } = yield* servers(sizes)
        const job = { env: addresses[store], method: "upload" as const, folders: yield* folders }
        yield* trickle(2_000_000)
        yield* killWhen(job, (pid) =>
          store === "gdrive"
            ? Effect.sync(() => waiting(pid, job.folders.spool) >= some)
            : Effect.map(found, ({ uploads }) => uploads > 0 && written(pid) >= some)
        )
        const { objects, orphans } = yield* found
        assert.deepStrictEqual([objects, orphans], [[], store === "s3" ? 1 : 0], what)
        yield* trickle(0)
        yield* run(job)
        assertWhole(yield* found, yield* expected(store), job.folders)
      }).pipe(Effect.scoped),
    60_000
  )
})
