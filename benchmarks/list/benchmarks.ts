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

const bucket = (folders: number, latency: number) => (count: number) => ({
  s3: { count, folders, bytes: 100_000, latency }
})

export const list: ReadonlyArray<Benchmark> = [
  {
    name: "list-flat",
    work: "Lists one flat prefix, without latency",
    unit: "keys",
    size: { short: 300_000, full: 1_000_000 },
    servers: bucket(0, 0),
    sluice,
    rivals: { rclone, aws, sdk, limit },
    ceiling,
    rows: [
      { rival: "rclone", goal: 5 },
      { rival: "aws", goal: 5 },
      { rival: "sdk", goal: 1 },
      { rival: "limit", goal: 0.5 }
    ]
  },
  {
    name: "list-folders",
    work: "Lists 10,000 prefixes, without latency",
    unit: "keys",
    size: { short: 300_000, full: 1_000_000 },
    servers: bucket(10_000, 0),
    sluice,
    rivals: { rclone, sdk, limit },
    ceiling,
    rows: [
      { rival: "rclone", goal: 5 },
      { rival: "sdk", goal: 1 },
      { rival: "limit", goal: 0.5 }
    ]
  },
  {
    name: "list-flat-30ms",
    work: "Lists one flat prefix, where each answer takes 30 ms",
    unit: "keys",
    size: { short: 1_000_000, full: 1_000_000 },
    servers: bucket(0, 30),
    sluice,
    rivals: { sdk, limit: { ...limit, share: 0.1 } },
    rows: [
      { rival: "sdk", goal: 10 },
      { rival: "limit", goal: 1 }
    ]
  },
  {
    name: "list-folders-30ms",
    work: "Lists 10,000 prefixes, where each answer takes 30 ms",
    unit: "keys",
    size: { short: 1_000_000, full: 1_000_000 },
    servers: bucket(10_000, 30),
    sluice,
    rivals: { sdk, limit: { ...limit, share: 0.1 } },
    rows: [
      { rival: "sdk", goal: 10 },
      { rival: "limit", goal: 1 }
    ]
  }
]
