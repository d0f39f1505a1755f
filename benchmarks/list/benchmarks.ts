/** Listings: how fast a bucket is known. */
import type { Benchmark, Command, Program } from "../Benchmark.ts"

const rclone: Command = {
  command: "rclone",
  args: ({ s3 }) => ["lsf", "-R", "--fast-list", "--files-only", `bench:${s3.bucket}`],
  env: ({ s3 }) => ({
    RCLONE_CONFIG: "/dev/null",
    RCLONE_CONFIG_BENCH_TYPE: "s3",
    RCLONE_CONFIG_BENCH_PROVIDER: "Other",
    RCLONE_CONFIG_BENCH_LIST_VERSION: "2",
    RCLONE_CONFIG_BENCH_ENDPOINT: s3.url,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: s3.accessKeyId,
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: s3.secretAccessKey
  }),
  units: (lines) => lines,
  install: "apt-get install rclone"
}

const aws: Command = {
  command: "aws",
  // The first 100,000: it takes a minute for the others, too.
  args: ({ s3 }) => [
    "s3",
    "ls",
    "--recursive",
    "--endpoint-url",
    s3.url,
    `s3://${s3.bucket}/archive/all/document-0000`
  ],
  env: ({ s3 }) => ({
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: "us-east-1"
  }),
  units: (lines) => lines,
  install: "apt-get install awscli"
}

const sluice: Program = { program: "list/sluice.ts" }
const limit: Program = { program: "list/limit.ts" }
const sdk: Program = { program: "list/sdk.ts", share: 0.1 }
const ceiling: Program = { program: "list/ceiling.ts" }

const shapes = { flat: "one flat prefix", folders: "10,000 prefixes" } as const
type Shape = keyof typeof shapes

const of = (shape: Shape, latency: number) => ({
  unit: "keys",
  servers: (count: number) => ({ s3: { count, folders: shape === "flat" ? 0 : 10_000, bytes: 100_000, latency } }),
  sluice
})

/** Without latency: what counts is the work for each key. */
const near = (shape: Shape, others: Readonly<Record<string, Command>>): Benchmark => ({
  ...of(shape, 0),
  name: `list-${shape}`,
  work: `Lists ${shapes[shape]}, without latency`,
  size: { short: 300_000, full: 1_000_000 },
  rivals: { ...others, sdk, limit },
  ceiling,
  rows: [
    ...Object.keys(others).map((rival) => ({ rival, goal: 5 })),
    { rival: "sdk", goal: 1 },
    { rival: "limit", goal: 0.5 }
  ]
})

/** With latency: what counts is how much is asked for at the same time. */
const far = (shape: Shape): Benchmark => ({
  ...of(shape, 30),
  name: `list-${shape}-30ms`,
  work: `Lists ${shapes[shape]}, where each answer takes 30 ms`,
  size: { short: 1_000_000, full: 1_000_000 },
  rivals: { sdk, limit: { ...limit, share: 0.1 } },
  rows: [
    { rival: "sdk", goal: 10 },
    { rival: "limit", goal: 1 }
  ]
})

export const list: ReadonlyArray<Benchmark> = [
  near("flat", { rclone, aws }),
  near("folders", { rclone }),
  far("flat"),
  far("folders")
]
