/**
 * A folder of real files, the same for the same count: PDF, PNG, WAV, TXT, CSV, JSON and HTML that programs open, under
 * names that break naive tools.
 */
import { Effect, FileSystem, Path, type PlatformError } from "effect"
import { crc32, deflateSync } from "node:zlib"

/** A file of the folder, and the key it should have in a bucket. */
export interface SampleFile {
  /** Name within the folder, safe on every disk. */
  readonly name: string
  /** What it is called in a bucket: up to 1,024 bytes of anything. */
  readonly key: string
  /** Media type of its bytes. */
  readonly mimeType: string
}

const text = (lines: ReadonlyArray<string>): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`)

const pdf = (i: number): Uint8Array => {
  const content = `BT /F1 24 Tf 72 720 Td (Report ${i}) Tj ET`
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
  ]
  let body = "%PDF-1.4\n"
  const offsets = objects.map((object, n) => {
    const offset = body.length
    body += `${n + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")
  const head = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`
  return new TextEncoder().encode(
    `${body}${head}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`
  )
}

const png = (i: number): Uint8Array => {
  const size = 16
  const chunk = (type: string, data: Uint8Array) => {
    const named = Buffer.concat([Buffer.from(type, "latin1"), data])
    const frame = Buffer.alloc(8 + named.length)
    frame.writeUInt32BE(data.length, 0)
    named.copy(frame, 4)
    frame.writeUInt32BE(crc32(named), 4 + named.length)
    return frame
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.alloc(size * (1 + size * 3))
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) rows.set([(x * 16) % 256, (y * 16) % 256, i % 256], y * (1 + size * 3) + 1 + x * 3)
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array())
  ])
}

const wav = (i: number): Uint8Array => {
  const rate = 8000
  const samples = 400
  const file = Buffer.alloc(44 + samples * 2)
  file.write("RIFF", 0, "latin1")
  file.writeUInt32LE(36 + samples * 2, 4)
  file.write("WAVEfmt ", 8, "latin1")
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(rate, 24)
  file.writeUInt32LE(rate * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write("data", 36, "latin1")
  file.writeUInt32LE(samples * 2, 40)
  const pitch = 220 + (i % 24) * 20
  for (let n = 0; n < samples; n++) {
    file.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * pitch * n) / rate)), 44 + n * 2)
  }
  return file
}

interface Kind {
  readonly folder: string
  readonly extension: string
  readonly mimeType: string
  readonly bytes: (i: number) => Uint8Array
}

const kinds: ReadonlyArray<Kind> = [
  { folder: "reports", extension: "pdf", mimeType: "application/pdf", bytes: pdf },
  { folder: "photos", extension: "png", mimeType: "image/png", bytes: png },
  { folder: "calls", extension: "wav", mimeType: "audio/wav", bytes: wav },
  {
    folder: "notes",
    extension: "txt",
    mimeType: "text/plain",
    bytes: (i) => text([`Note ${i}`, "", "Ein Fluß, une île, 東京, 🌊."])
  },
  {
    folder: "tables",
    extension: "csv",
    mimeType: "text/csv",
    bytes: (i) => text(["id,name,amount", `${i},"Ångström, Ltd",${(i * 7.5).toFixed(2)}`])
  },
  {
    folder: "records",
    extension: "json",
    mimeType: "application/json",
    bytes: (i) => text([JSON.stringify({ id: i, tags: ["a", "b"], nested: { deep: [1, 2, null] } })])
  },
  {
    folder: "pages",
    extension: "html",
    mimeType: "text/html",
    bytes: (i) => text(["<!doctype html>", `<title>Page ${i}</title>`, `<p>Page &amp; number ${i}</p>`])
  }
]

/** Beginnings of keys that are legal in S3 and break what was not written with care. */
const odd: ReadonlyArray<string> = [
  "räksmörgås/été ",
  "日本語/東京 ",
  "emoji/🌊👩‍👩‍👧 ",
  "spaces and  more /file ",
  "plus+and+more/a+b ",
  "percent/100%25 of %2F ",
  "empty//segment//",
  "/leading/slash ",
  "dots/./../file ",
  "query?and#fragment=&;: ",
  "quotes'\"<>& ",
  "control/\u0001\u0007\ttab\nnewline ",
  "backslash\\and|pipe*star ",
  `${"1024/"}${"ö".repeat(300)}/`
]

const maxKeyBytes = 1024

const keyOf = (kind: Kind, i: number): string => {
  const end = `${String(i).padStart(5, "0")}.${kind.extension}`
  const plain = `${kind.folder}/${2020 + (i % 7)}/${end}`
  // Each odd beginning a few times, spread over the kinds.
  const prefix = i % 20 === 0 ? odd[(i / 20) % odd.length] : undefined
  if (prefix === undefined) return plain
  if (!prefix.startsWith("1024/")) return `${prefix}${end}`
  return `${prefix}${"x".repeat(maxKeyBytes - Buffer.byteLength(prefix) - Buffer.byteLength(end))}${end}`
}

/** The files of a folder of so many; no disk is touched. */
export const list = (count: number): ReadonlyArray<SampleFile & { readonly bytes: () => Uint8Array }> =>
  Array.from({ length: count }, (_, i) => {
    const kind = kinds[i % kinds.length] as Kind // the index is within the array
    return {
      name: `${String(i).padStart(5, "0")}.${kind.extension}`,
      key: keyOf(kind, i),
      mimeType: kind.mimeType,
      bytes: () => kind.bytes(i)
    }
  })

/** Makes the folder unless it is there already: files that exist are left alone. */
export const make = (
  folder: string,
  count: number
): Effect.Effect<ReadonlyArray<SampleFile>, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(folder, { recursive: true })
    const there = new Set(yield* fs.readDirectory(folder))
    const files = list(count)
    yield* Effect.forEach(
      files.filter((file) => !there.has(file.name)),
      (file) => fs.writeFile(path.join(folder, file.name), file.bytes()),
      { concurrency: 8, discard: true }
    )
    return files
  })
