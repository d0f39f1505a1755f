/**
 * `npm run bench:scaling [-- --full]`: what a file costs, by how many there are, how many requests are made at a time and how long
 * answers take. Writes a plot, and the figures it is drawn from, into `benchmarks/results/`.
 */
import { writeFileSync } from "node:fs"
import { runProgram, startServers } from "./measure.ts"
import * as Results from "./Results.ts"

/** One curve: microseconds of time, and of the processor, for each file. */
interface Curve {
  readonly title: string
  readonly x: string
  readonly points: ReadonlyArray<{ readonly x: number; readonly time: number; readonly cpu: number }>
}

const isFull = process.argv.includes("--full")

const measured = async (
  files: number,
  latency: number,
  concurrency: number
): Promise<{ readonly time: number; readonly cpu: number }> => {
  const { addresses, stop } = await startServers({
    s3: { count: files, folders: 1000, bytes: 100_000, latency },
    mixpeek: { latency }
  })
  try {
    const options = { method: "reference", concurrency }
    const { cpuSeconds, seconds, units } = await runProgram({ program: "load/sluice.ts", options }, addresses, files)
    process.stderr.write(`${files} files, ${latency} ms, ${concurrency} at a time: ${seconds.toFixed(2)} s\n`)
    return { time: (seconds * 1e6) / units, cpu: (cpuSeconds * 1e6) / units }
  } finally {
    stop()
  }
}

const curve = async (
  title: string,
  x: string,
  values: ReadonlyArray<number>,
  measure: (value: number) => Promise<{ readonly time: number; readonly cpu: number }>
): Promise<Curve> => {
  const points = []
  for (const value of values) points.push({ x: value, ...(await measure(value)) })
  return { title, x, points }
}

const width = 420
const height = 320
const margin = { left: 60, right: 16, top: 36, bottom: 48 }

/** Zero has no place on an axis of powers of ten; it stands left of one. */
const logarithm = (value: number) => Math.log10(Math.max(value, 0.3))

const panel = ({ points, title, x }: Curve, at: number): string => {
  const values = points.flatMap(({ cpu, time }) => [cpu, time])
  const [minX, maxX] = [logarithm(points[0]?.x ?? 1), logarithm(points.at(-1)?.x ?? 1)]
  const [minY, maxY] = [Math.floor(logarithm(Math.min(...values))), Math.ceil(logarithm(Math.max(...values)))]
  const toX = (value: number) =>
    margin.left + ((logarithm(value) - minX) / (maxX - minX)) * (width - margin.left - margin.right)
  const toY = (value: number) =>
    height - margin.bottom - ((logarithm(value) - minY) / (maxY - minY)) * (height - margin.top - margin.bottom)
  const line = (read: (point: Curve["points"][number]) => number, color: string) =>
    `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.map((point) => `${toX(point.x).toFixed(1)},${toY(read(point)).toFixed(1)}`).join(" ")}"/>${points
      .map(
        (point) => `<circle cx="${toX(point.x).toFixed(1)}" cy="${toY(read(point)).toFixed(1)}" r="3" fill="${color}"/>`
      )
      .join("")}`
  const ticksX = points.map(
    (point) =>
      `<text x="${toX(point.x).toFixed(1)}" y="${height - margin.bottom + 16}" text-anchor="middle">${point.x >= 1e6 ? `${point.x / 1e6} M` : point.x >= 1000 ? `${point.x / 1000} k` : point.x}</text>`
  )
  const ticksY = Array.from({ length: maxY - minY + 1 }, (_, i) => 10 ** (minY + i)).map(
    (value) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${toY(value)}" y2="${toY(value)}" stroke="#ddd"/><text x="${margin.left - 6}" y="${toY(value) + 4}" text-anchor="end">${value}</text>`
  )
  return `<g transform="translate(${at * width},0)"><text x="${width / 2}" y="20" text-anchor="middle" font-weight="bold">${title}</text>${ticksY.join("")}${ticksX.join("")}<text x="${width / 2}" y="${height - 8}" text-anchor="middle">${x}</text>${line(({ time }) => time, "#0b7285")}${line(({ cpu }) => cpu, "#e8590c")}</g>`
}

const plot = (curves: ReadonlyArray<Curve>): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${curves.length * width}" height="${height + 24}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>${curves.map(panel).join("")}<text x="16" y="${height + 14}">Microseconds for each file: <tspan fill="#0b7285">time</tspan>, <tspan fill="#e8590c">processor</tspan>. Files of S3 by reference into Mixpeek.</text></svg>\n`

const counts = [10_000, 30_000, 100_000, 300_000, ...(isFull ? [1_000_000, 5_000_000] : [])]
const latencies = [0, 1, 3, 10, 30, 100]
const concurrencies = [1, 2, 4, 8, 16, 32, 64, 128, 256]
const files = isFull ? 100_000 : 30_000

const curves = [
  await curve("by the number of files", "files; no latency, 8 requests at a time", counts, (n) => measured(n, 0, 8)),
  await curve("by requests at a time", "requests with objects at a time; 30 ms of latency", concurrencies, (n) =>
    measured(files, 30, n)
  ),
  await curve("by latency", "milliseconds until each answer; 8 requests at a time", latencies, (n) =>
    measured(files, n, 8)
  )
]
const here = Results.machine()
const named = (ending: string) => new URL(`results/${here.date}-scaling.${ending}`, import.meta.url)
writeFileSync(named("json"), `${JSON.stringify({ machine: here, curves }, null, 2)}\n`)
writeFileSync(named("svg"), plot(curves))
