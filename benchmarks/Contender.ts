/**
 * A contender: one program that does one piece of work once and says what it took. The other side is `measure.ts`.
 */
import type { Addresses } from "./servers/main.ts"

/** What a contender is given. */
export interface Input {
  /** Of the servers that its benchmark asks for. */
  readonly addresses: Addresses
  /** How much there is to do. */
  readonly size: number
  /** What its benchmark says besides. */
  readonly options: Readonly<Record<string, string | number | boolean>>
}

/** What it took. */
export interface Figures {
  /** Done: keys, files or bytes. */
  readonly units: number
  readonly seconds: number
  /** Of the processor, in all threads. 0: not known. */
  readonly cpuSeconds: number
  /** Megabytes (10⁶ bytes). 0: not known. */
  readonly peakRss: number
  /** What a benchmark compares besides. */
  readonly more: Readonly<Record<string, number>>
}

/**
 * Does the work with the input of the command line, and prints its figures as the last line. Time begins when everything is
 * imported, or when the work says so: what it calls `begin` before is preparation. `more` are figures of the contender's own.
 */
export const contender = (
  work: (
    input: Input,
    begin: () => void
  ) => Promise<{ readonly units: number; readonly more?: Readonly<Record<string, number>> }>
): void => {
  // measure.ts writes these and nothing else.
  const input = JSON.parse(process.argv[2] ?? "{}") as Input
  let cpu = process.cpuUsage()
  let start = performance.now()
  const begin = () => {
    cpu = process.cpuUsage()
    start = performance.now()
  }
  void work(input, begin).then(
    ({ more = {}, units }) => {
      const seconds = (performance.now() - start) / 1000
      const { system, user } = process.cpuUsage(cpu)
      const figures: Figures = {
        units,
        seconds,
        cpuSeconds: (system + user) / 1e6,
        peakRss: process.resourceUsage().maxRSS / 1000,
        more
      }
      process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`, () => process.exit(1))
    }
  )
}
