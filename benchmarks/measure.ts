/**
 * Runs everybody in turns, several times over, and compares: medians of the ratios of rounds, with their spread.
 *
 * Servers have the first core to themselves and whoever is measured has the second, where the system can do that.
 */
import { fork, spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Benchmark, type Command, type Contender, type Program, rate, type Row } from "./Benchmark.ts"
import type { Figures, Input } from "./Contender.ts"
import * as Postgres from "./Postgres.ts"
import type { Addresses, Options as Servers } from "./servers/main.ts"

/** One comparison, measured. */
export interface Measured {
  /** BENCHMARK-vs-RIVAL. */
  readonly name: string
  readonly ratio: number | null
  /** The least and the most of the rounds. */
  readonly spread: readonly [number, number] | null
  readonly goal: number
  readonly better: "higher" | "lower"
  /** False: nobody ran, or the servers were as busy as whoever was measured. `note` says which. */
  readonly valid: boolean
  readonly met: boolean
  readonly of: string
  readonly note?: string
  readonly size: number
  readonly unit: string
  /** Medians. */
  readonly sluice: Figures | null
  readonly rival: Figures | null
}

/** More of what the servers can do than this, and the servers are measured too. */
const ceilingShare = 0.7

/** Longer takes nobody. */
const patience = 30 * 60_000

/** Compiled, and everything is taken as it is published: to read TypeScript takes Node time, and 50 MB. */
const compiled = ["--conditions=compiled"]
const path = (file: string) => fileURLToPath(new URL(`dist/${file.replace(/\.ts$/, ".js")}`, import.meta.url))

const source = (file: string) => fileURLToPath(new URL(file, import.meta.url))

const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-c", "1", "true"]).status === 0

/** A command on one core, where the system can do that. */
const pinned = (core: 0 | 1, command: string, args: ReadonlyArray<string>): readonly [string, ReadonlyArray<string>] =>
  canPin ? ["taskset", ["-c", String(core), command, ...args]] : [command, args]

/** Whether anybody else disturbs: said with the results. */
export const isPinned = canPin

/** Servers in a process of their own; `stop` them. */
export const startServers = async (servers: Servers) => {
  const [execPath, args] = pinned(0, process.execPath, [])
  const child = fork(path("servers/main.ts"), [JSON.stringify(servers)], {
    execPath,
    execArgv: [...args, "--max-old-space-size=16000", ...compiled],
    stdio: ["ignore", "inherit", "inherit", "ipc"]
  })
  // servers/main.ts sends these and nothing else.
  const [addresses] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error("the servers did not start")))
  ])) as [Addresses]
  /** Seconds of the processor that they have used. */
  const cpu = async (): Promise<number> => {
    const answer = once(child, "message")
    child.send("cpu")
    // servers/main.ts sends this and nothing else, once it listens.
    return ((await answer) as [number])[0]
  }
  return { addresses, cpu, stop: () => child.disconnect() }
}

const finished = async (child: ChildProcess, what: string, watch?: () => void) => {
  let complaint = ""
  child.stderr?.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)))
  const timer = setTimeout(() => child.kill("SIGKILL"), patience)
  const sampler = watch === undefined ? undefined : setInterval(watch, 100)
  try {
    // What `exit` gives.
    const [code] = (await once(child, "exit")) as [number | null]
    if (code !== 0) throw new Error(`${what} ended with ${code ?? "a signal"}: ${complaint.trim()}`)
  } finally {
    clearTimeout(timer)
    clearInterval(sampler)
  }
}

/** Runs a program once. */
export const runProgram = async ({ folder, options = {}, program }: Program, addresses: Addresses, size: number) => {
  const input: Input = { addresses, size, options }
  const file = folder === undefined ? path(program) : source(`${folder}/${program}`)
  const [command, args] = pinned(1, process.execPath, [...compiled, file, JSON.stringify(input)])
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
  let printed = ""
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  await finished(child, program)
  // Contender.ts prints these last.
  return JSON.parse(printed.trimEnd().split("\n").at(-1) ?? "null") as Figures
}

/** The most memory that a process had, in megabytes, where the system tells. */
const highWater = (pid: number | undefined): number => {
  try {
    const [, kilobytes = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
    return (Number(kilobytes) * 1024) / 1e6
  } catch {
    return 0
  }
}

const runCommand = async (contender: Command, addresses: Addresses, size: number): Promise<Figures> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-benchmark-"))
  try {
    const output = join(folder, "stdout")
    const [command, args] = pinned(1, contender.command, contender.args(addresses, join(folder, "files")))
    const start = performance.now()
    const child = spawn(command, args, {
      stdio: ["ignore", openSync(output, "w"), "pipe"],
      env: { PATH: process.env["PATH"], HOME: folder, ...contender.env(addresses) }
    })
    let peakRss = 0
    await finished(child, contender.command, () => (peakRss = Math.max(peakRss, highWater(child.pid))))
    const seconds = (performance.now() - start) / 1000
    const lines = readFileSync(output).reduce((count, byte) => (byte === 10 ? count + 1 : count), 0)
    return { units: contender.units(lines, size), seconds, cpuSeconds: 0, peakRss, more: {} }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isCommand = (contender: Contender): contender is Command => "command" in contender

/** Why somebody cannot run, if that is so. Dependencies of a folder of its own are installed here. */
const troubleOf = (contender: Contender): string | undefined => {
  if (isCommand(contender)) {
    const isInstalled = spawnSync("sh", ["-c", `command -v ${contender.command}`]).status === 0
    return isInstalled ? undefined : `${contender.command} is not installed: ${contender.install}`
  }
  const { folder } = contender
  if (folder === undefined || existsSync(source(`${folder}/node_modules`))) return undefined
  const install = ["-y", "pnpm@12.21.0", "install", "--ignore-workspace", "--frozen-lockfile", "--loglevel=error"]
  const { status, stderr } = spawnSync("npx", install, { cwd: source(folder), encoding: "utf8" })
  return status === 0 ? undefined : `the dependencies of ${folder} could not be installed: ${stderr.trim()}`
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const medianOf = (rounds: ReadonlyArray<Figures>): Figures | null => {
  const [first] = rounds
  if (first === undefined) return null
  const of = (read: (figures: Figures) => number) => Math.round(median(rounds.map(read)) * 1000) / 1000
  return {
    units: of(({ units }) => units),
    seconds: of(({ seconds }) => seconds),
    cpuSeconds: of(({ cpuSeconds }) => cpuSeconds),
    peakRss: of(({ peakRss }) => peakRss),
    more: Object.fromEntries(Object.keys(first.more).map((name) => [name, of(({ more }) => more[name] ?? Number.NaN)]))
  }
}

const faster = (sluice: Figures, rival: Figures): number => rate(sluice) / rate(rival)

const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** Everybody who has a part in a benchmark, Sluice first. */
const everybody = ({ ceiling, rivals, sluice }: Benchmark): ReadonlyArray<readonly [string, Contender]> => [
  ["sluice", sluice],
  ...Object.entries(rivals),
  ...(ceiling === undefined ? [] : [["ceiling", ceiling] as const])
]

/** Measures one benchmark. `say` hears how it goes on. */
export const measure = async (
  benchmark: Benchmark,
  size: number,
  rounds: number,
  say: (line: string) => void
): Promise<ReadonlyArray<Measured>> => {
  const seen = new Map<string, Array<Figures>>()
  const troubles = new Map<string, string>()
  /** The share of the time that the servers were busy. */
  const busy = new Map<string, Array<number>>()
  const postgres = benchmark.needs === "postgres" ? Postgres.start() : undefined
  const { addresses, cpu, stop } = await startServers(benchmark.servers(size))
  if (postgres !== undefined && postgres.trouble !== undefined) troubles.set("sluice", postgres.trouble)
  try {
    const contenders = everybody(benchmark)
    for (const [name, contender] of contenders) {
      const trouble = troubleOf(contender)
      if (trouble !== undefined) troubles.set(name, trouble)
    }
    for (let round = 0; round < rounds; round++) {
      // Whoever begins is another one each time: what is warm, or tired, is so for all.
      const order = contenders.map((_, at) => contenders[(at + round) % contenders.length] ?? contenders[0])
      for (const one of order) {
        if (one === undefined) continue
        const [name, contender] = one
        if (troubles.has(name)) continue
        const share = Math.max(1, Math.round(size * (contender.share ?? 1)))
        try {
          const before = await cpu()
          const figures = isCommand(contender)
            ? await runCommand(contender, addresses, share)
            : await runProgram(contender, addresses, share)
          busy.set(name, [...(busy.get(name) ?? []), ((await cpu()) - before) / figures.seconds])
          seen.set(name, [...(seen.get(name) ?? []), figures])
          say(
            `${benchmark.name} ${round + 1}/${rounds} ${name}: ${Math.round(rate(figures)).toLocaleString("en")} ${benchmark.unit}/s, ${figures.seconds.toFixed(2)} s, ${Math.round(figures.peakRss)} MB`
          )
        } catch (error) {
          troubles.set(name, error instanceof Error ? error.message : String(error))
          say(`${benchmark.name} ${name}: ${troubles.get(name)}`)
        }
      }
    }
  } finally {
    stop()
    postgres?.stop()
  }
  const of = (name: string) => (troubles.has(name) ? [] : (seen.get(name) ?? []))
  // Where the leanest client is exhausted before the servers are, they could do more.
  const most = median(of("ceiling").map(rate)) / Math.min(1, median(busy.get("ceiling") ?? []))
  return benchmark.rows.map((row) => compared(benchmark, size, row, of, troubles, most))
}

const compared = (
  benchmark: Benchmark,
  size: number,
  row: Row,
  of: (name: string) => ReadonlyArray<Figures>,
  troubles: ReadonlyMap<string, string>,
  most: number
): Measured => {
  const { better = "higher", goal, ratio = faster, rival } = row
  const sluice = of("sluice")
  const isRun = rival in benchmark.rivals
  const others = isRun ? of(rival) : sluice
  const ratios = sluice.flatMap((figures, round) => {
    const other = others[round]
    return other === undefined ? [] : [ratio(figures, other)]
  })
  const at = median(ratios)
  const ran = ratios.length > 0 && Number.isFinite(at)
  const fastest = Math.max(median(sluice.map(rate)), isRun ? median(others.map(rate)) : 0)
  // Where nobody else is run, it is no rate that is compared.
  const isBusy = ran && isRun && fastest > ceilingShare * most
  const note = ran
    ? isBusy
      ? `${Math.round((fastest / most) * 100)} % of what the servers can do`
      : undefined
    : (troubles.get("sluice") ?? troubles.get(rival) ?? "nobody ran")
  return {
    name: `${benchmark.name}-vs-${rival}`,
    ratio: ran ? rounded(at) : null,
    spread: ran ? [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))] : null,
    goal,
    better,
    valid: ran && !isBusy,
    met: ran && !isBusy && (better === "higher" ? at >= goal : at <= goal),
    of: row.of ?? `${benchmark.unit} in the same time`,
    ...(note === undefined ? {} : { note }),
    size,
    unit: benchmark.unit,
    sluice: medianOf(sluice),
    rival: isRun ? medianOf(others) : null
  }
}
