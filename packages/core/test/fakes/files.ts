/**
 * Files and records for tests.
 */
import { Option, Stream } from "effect"
import * as Lineage from "../../src/Lineage.ts"
import type { Record } from "../../src/Sink.ts"
import type { SourceFile } from "../../src/SourceFile.ts"

export const file = (path: string, over: Partial<SourceFile> = {}): SourceFile => ({
  id: path,
  token: "1",
  uri: `fake://${path}`,
  path,
  size: 10,
  mimeType: "text/plain",
  attributes: {},
  ...over
})

export const record = (path: string, over: Partial<SourceFile> = {}): Record<string> => {
  const one = file(path, over)
  return {
    key: Lineage.sourceKey(one.uri),
    file: one,
    object: path,
    lineage: Lineage.make(one, { pipeline: "p", runId: "r" }),
    content: { bytes: Stream.empty, link: Option.none() }
  }
}

export const records = (count: number): ReadonlyArray<Record<string>> =>
  Array.from({ length: count }, (_, i) => record(String(i)))
