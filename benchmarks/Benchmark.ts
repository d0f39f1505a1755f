/**
 * What is measured: work, who does it, and how they are to compare.
 */
import type { Figures } from "./Contender.ts"
import type { Addresses, Options as Servers } from "./servers/main.ts"

/** A program of this folder, run by Node. */
export interface Program {
  readonly program: string
  readonly options?: Readonly<Record<string, string | number | boolean>>
  /** The share of the work that it does, where it takes too long for the whole. Default 1. */
  readonly share?: number
  /** The folder that it has to itself, with dependencies that are installed when they are first needed. */
  readonly folder?: string
}

/** A program of somebody else's. Its time is that of its process; what it does is counted in the lines that it prints. */
export interface Command {
  readonly command: string
  readonly args: (addresses: Addresses, folder: string) => ReadonlyArray<string>
  readonly env: (addresses: Addresses) => Readonly<Record<string, string>>
  /** Units of work in what it printed. */
  readonly units: (lines: number, size: number) => number
  /** By what it comes. */
  readonly install: string
  readonly share?: number
}

export type Contender = Program | Command

/** One comparison of Sluice. */
export interface Row {
  /** A contender; or, where nobody else is run, what Sluice is held against. */
  readonly rival: string
  /** Of one round. By default, how much more Sluice does in the same time. */
  readonly ratio?: (sluice: Figures, rival: Figures) => number
  readonly goal: number
  /** Whether the goal is the least (default) or the most. */
  readonly better?: "higher" | "lower"
  /** What the ratio is of, in a few words. */
  readonly of?: string
}

export interface Benchmark {
  /** The first part of the names of its rows. */
  readonly name: string
  /** One sentence. */
  readonly work: string
  readonly unit: string
  /** How much there is to do: in a run of all, and in full. */
  readonly size: { readonly short: number; readonly full: number }
  /** How often everybody runs, in turns. Default 3. */
  readonly rounds?: number
  readonly servers: (size: number) => Servers
  /** What has to run besides. */
  readonly needs?: "postgres"
  readonly sluice: Program
  readonly rivals: Readonly<Record<string, Contender>>
  /** The leanest client that there can be: nobody may come near to what the servers can do at most. */
  readonly ceiling?: Program
  readonly rows: ReadonlyArray<Row>
}

/** Units in a second. */
export const rate = ({ seconds, units }: Figures): number => units / seconds
