/**
 * What was measured, for people and to be kept.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, release, totalmem } from "node:os"
import { isPinned, type Measured } from "./measure.ts"

const versionOf = (command: string, args: ReadonlyArray<string>): string => {
  const { stdout = "" } = spawnSync(command, args, { encoding: "utf8" })
  return stdout?.split("\n")[0]?.trim() || "not installed"
}

/** Where it was measured, and with what. */
export const machine = () => ({
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
  system: `${process.platform} ${release()}`,
  pinned: isPinned,
  node: process.version,
  rclone: versionOf("rclone", ["version"]),
  aws: versionOf("aws", ["--version"]),
  commit: versionOf("git", ["rev-parse", "--short", "HEAD"])
})

const shown = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)))

const verdict = ({ met, ratio, valid }: Measured): string =>
  ratio === null ? "not run" : valid ? (met ? "met" : "missed") : "not valid"

/** A table in Markdown. */
export const table = (rows: ReadonlyArray<Measured>): string => {
  const lines = rows.map((row) => [
    `\`${row.name}\``,
    `${row.size.toLocaleString("en")} ${row.unit}`,
    row.of,
    row.ratio === null || row.spread === null
      ? "–"
      : `${shown(row.ratio)} (${shown(row.spread[0])} – ${shown(row.spread[1])})`,
    `${row.better === "higher" ? "≥" : "≤"} ${shown(row.goal)}`,
    `${verdict(row)}${row.note === undefined ? "" : `: ${row.note.split("\n")[0] ?? ""}`}`
  ])
  const cells = [["row", "size", "ratio of", "ratio (spread)", "goal", "verdict"], ...lines]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const written = cells.map((line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`)
  return [written[0], `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...written.slice(1)].join("\n")
}

const begin = "<!-- benchmarks: begin -->"
const end = "<!-- benchmarks: end -->"

const replaceTable = (file: URL, text: string): void => {
  const before = readFileSync(file, "utf8")
  const from = before.indexOf(begin)
  const to = before.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${file.pathname} has no place for the table: ${begin} … ${end}`)
  writeFileSync(file, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`)
}

/** The rows of before, those that were measured anew replaced. */
const merged = (file: URL, rows: ReadonlyArray<Measured>): ReadonlyArray<Measured> => {
  if (!existsSync(file)) return rows
  // It was written below.
  const before = (JSON.parse(readFileSync(file, "utf8")) as { readonly rows: ReadonlyArray<Measured> }).rows
  const anew = new Map(rows.map((row) => [row.name, row]))
  const known = new Set(before.map(({ name }) => name))
  return [...before.map((row) => anew.get(row.name) ?? row), ...rows.filter(({ name }) => !known.has(name))]
}

/** Keeps them under today's date, with what else was measured today, and writes the tables anew that are made of them. */
export const save = (some: ReadonlyArray<Measured>): void => {
  const folder = new URL("results/", import.meta.url)
  mkdirSync(folder, { recursive: true })
  const here = machine()
  const file = new URL(`${here.date}.json`, folder)
  const rows = merged(file, some)
  writeFileSync(file, `${JSON.stringify({ machine: here, rows }, null, 2)}\n`)
  const where = `${here.date}, ${here.cpu}, ${here.cores} cores, ${here.memory}, Node ${here.node}, ${here.rclone}, ${here.aws.split(" ")[0] ?? ""}`
  const write = (name: string, shown: ReadonlyArray<Measured>) =>
    replaceTable(new URL(name, import.meta.url), `${table(shown)}\n\n${where}.`)
  write("../docs/benchmarks.md", rows)
  // What somebody else was measured for, too.
  write(
    "../README.md",
    rows.filter(({ rival }) => rival !== null)
  )
}
