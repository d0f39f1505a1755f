/** Files into Mixpeek, by reference and by upload. */
import type { Benchmark, Command } from "../Benchmark.ts"

/** From one S3 to another, each file in one PUT, as it goes into Mixpeek. */
const rcloneCopy: Command = {
  command: "rclone",
  args: () => ["copy", "--transfers", "4", "--s3-upload-cutoff", "5G", "from:files", "to:copies"],
  env: ({ s3 }) => {
    const remote = (name: string) => ({
      [`RCLONE_CONFIG_${name}_TYPE`]: "s3",
      [`RCLONE_CONFIG_${name}_PROVIDER`]: "Other",
      [`RCLONE_CONFIG_${name}_LIST_VERSION`]: "2",
      [`RCLONE_CONFIG_${name}_ENDPOINT`]: s3.url,
      [`RCLONE_CONFIG_${name}_ACCESS_KEY_ID`]: s3.accessKeyId,
      [`RCLONE_CONFIG_${name}_SECRET_ACCESS_KEY`]: s3.secretAccessKey
    })
    return { RCLONE_CONFIG: "/dev/null", ...remote("FROM"), ...remote("TO") }
  },
  units: (_, size) => 4 * size,
  install: "apt-get install rclone"
}

export const load: ReadonlyArray<Benchmark> = [
  {
    name: "reference",
    work: "Delivers files of S3 by presigned links, without limits",
    unit: "files",
    size: { short: 100_000, full: 1_000_000 },
    servers: (count) => ({ s3: { count, folders: 1000, bytes: 100_000, latency: 0 }, mixpeek: { latency: 0 } }),
    sluice: { program: "load/sluice.ts", options: { method: "reference" } },
    rivals: {
      naive: { program: "load/reference-naive.ts", share: 0.1 },
      limit: { program: "load/reference-limit.ts" }
    },
    ceiling: { program: "load/reference-ceiling.ts" },
    rows: [
      { rival: "naive", goal: 3 },
      { rival: "limit", goal: 0.7 },
      {
        rival: "5-percent-at-1000-a-second",
        goal: 1,
        better: "lower",
        of: "processor for 1,000 files, to 50 ms",
        ratio: ({ cpuSeconds, units }) => ((cpuSeconds / units) * 1000) / 0.05
      }
    ]
  },
  {
    name: "small-files",
    work: "Reads files of 4 kB and uploads them",
    unit: "files",
    size: { short: 30_000, full: 100_000 },
    servers: (count) => ({ s3: { count, folders: 100, bytes: 4096, latency: 0 }, mixpeek: { latency: 0 } }),
    sluice: { program: "load/sluice.ts", options: { method: "upload" } },
    rivals: {
      naive: { program: "load/upload-naive.ts", share: 0.2 },
      langchain: { folder: "langchain", program: "contender.mjs", share: 0.05 },
      limit: { program: "load/upload-limit.ts" }
    },
    ceiling: { program: "load/upload-ceiling.ts" },
    rows: [
      { rival: "naive", goal: 3 },
      { rival: "langchain", goal: 3 },
      { rival: "limit", goal: 0.6 }
    ]
  },
  {
    name: "big-files",
    work: "Reads 4 large files (full: of 1 GiB), hashes and uploads them",
    unit: "bytes",
    size: { short: 256 * 1024 ** 2, full: 1024 ** 3 },
    servers: (bytes) => ({ s3: { count: 4, folders: 0, bytes, latency: 0 }, mixpeek: { latency: 0 } }),
    sluice: { program: "load/sluice.ts", options: { method: "upload", unit: "bytes" } },
    rivals: {
      rclone: rcloneCopy,
      limit: { program: "load/upload-limit.ts", options: { unit: "bytes" } }
    },
    ceiling: { program: "load/upload-ceiling.ts", options: { unit: "bytes" } },
    rows: [
      { rival: "rclone", goal: 1 },
      { rival: "limit", goal: 0.9 },
      {
        rival: "150MB",
        goal: 1,
        better: "lower",
        of: "most memory in use, to 150 MB",
        ratio: ({ peakRss }) => peakRss / 150
      }
    ]
  },
  {
    name: "first-object",
    work: "Begins with a large bucket, until the first object is there",
    unit: "files",
    size: { short: 1_000_000, full: 1_000_000 },
    servers: (count) => ({ s3: { count, folders: 1000, bytes: 100_000, latency: 0 }, mixpeek: { latency: 0 } }),
    sluice: { program: "load/sluice.ts", options: { method: "reference", most: 1000 } },
    rivals: {},
    rows: [
      {
        rival: "1s",
        goal: 1,
        better: "lower",
        of: "time until the first object is there, to a second",
        ratio: ({ more }) => more["firstObjectSeconds"] ?? Number.NaN
      }
    ]
  }
]
