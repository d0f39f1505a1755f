/**
 * One object, ready to be sent: its JSON is made once, and only what an upload or a link turned out to be is put in when the
 * request leaves.
 */
import { AtHand, Outcome, type Sink, type Source, type SourceFile } from "@sluice/core"
import { Effect, Option, Predicate, Schema, type Types } from "effect"
import * as BlobDelivery from "./BlobDelivery.ts"
import * as LineageFields from "../mapping/LineageFields.ts"
import type { Blob, MixpeekObject } from "../mapping/MixpeekObject.ts"
import { isMixpeekObject } from "../mapping/ObjectCheck.ts"
import type { Mixpeek } from "../client/Mixpeek.ts"
import * as Upload from "./Upload.ts"
import * as UploadDesk from "./UploadDesk.ts"
import { type CreateBlobRequest, type CreateObjectRequest, reservedName } from "../client/Wire.ts"

/** Content that was uploaded for a blob. */
export interface Slot {
  current: UploadDesk.Staged
  /** Uploads it again, where what is there turned out to be of no use. */
  readonly again: Effect.Effect<UploadDesk.Staged | Outcome.Outcome, Source.SourceError | Sink.SinkError, Mixpeek>
  /** By what it is found if its object is never made. */
  readonly recalledBy: string
  readonly pipeline: string
}

/** A file that Mixpeek is to fetch: the place of its link among the record's. */
export interface Linked {
  readonly link: number
}

/** An object ready to be sent. */
export interface MixpeekRecord extends Sink.Prepared {
  readonly file: SourceFile.SourceFile
  /** Mints the links; present where there are some to mint. */
  readonly link: Source.Link | undefined
  /** JSON of the object; between each two parts goes what the hole between them holds. */
  readonly parts: ReadonlyArray<string>
  /** What goes between the parts: an upload's id, or a link. */
  readonly holes: ReadonlyArray<Slot | Linked>
  /** The files it has links to, each once. */
  readonly linked: ReadonlyArray<SourceFile.SourceFile>
  /** Blobs it has: an answer without any was a duplicate. */
  readonly blobs: number
  readonly skipsDuplicates: boolean
  /** SHA-256 of the first file among the blobs, where it went through here. */
  readonly sha256: string | undefined
  /** How it gets there, and why so. */
  readonly delivery: string | undefined
}

/** How records are made. */
export interface Options {
  readonly desk: UploadDesk.UploadDesk
  readonly delivery: BlobDelivery.Delivery
  readonly lineage: LineageFields.Placed
  readonly skipDuplicates: boolean
  /** A record that is larger can never be sent. */
  readonly maxBytes: number
}

const rejected = (code: string, message: string): Outcome.Outcome => Outcome.Rejected.make({ cause: { code, message } })

/** Everything of a blob but its data. */
const headOf = ({ canonicalizeSource, forceRemirror, keyPrefix, metadata, property, type }: Blob) => {
  const head: Types.Mutable<Omit<CreateBlobRequest, "data">> = { property, type }
  if (keyPrefix !== undefined) head.key_prefix = keyPrefix
  if (metadata !== undefined) head.metadata = metadata
  if (canonicalizeSource !== undefined) head.canonicalize_source = canonicalizeSource
  if (forceRemirror !== undefined) head.force_remirror = forceRemirror
  return head
}

/** Everything of an object but its blobs and the fields of the user. */
const objectHead = (
  { canonicalizeSource, forceRemirror, keyPrefix }: MixpeekObject,
  skipsDuplicates: boolean,
  sourceId: string | undefined
) => {
  const head: Types.Mutable<Omit<CreateObjectRequest, "blobs">> = {}
  if (keyPrefix !== undefined) head.key_prefix = keyPrefix
  if (skipsDuplicates) head.skip_duplicates = true
  if (canonicalizeSource !== undefined) head.canonicalize_source = canonicalizeSource
  if (forceRemirror !== undefined) head.force_remirror = forceRemirror
  if (sourceId !== undefined) head.source_details = [{ type: "bucket", source_id: sourceId }]
  return head
}

/**
 * The object's JSON in parts, what goes between them, and how many bytes the parts have. Those are counted before parts are put
 * together: counting copies what was, and it is copied into the request anyway.
 */
const assemble = (
  head: object,
  blobs: ReadonlyArray<Assembled>
): Pick<MixpeekRecord, "parts" | "holes" | "linked"> & { readonly bytes: number } => {
  const parts: Array<string> = []
  const holes: Array<Slot | Linked> = []
  const linked: Array<SourceFile.SourceFile> = []
  const placeOf = (file: SourceFile.SourceFile) => {
    const place = linked.indexOf(file)
    return place < 0 ? linked.push(file) - 1 : place
  }
  let part = ""
  let bytes = 0
  const add = (text: string, length = text.length) => {
    part += text
    bytes += length
  }
  /** Without its brace at the end, ready for another key. */
  const open = (value: object) => {
    const text = JSON.stringify(value)
    if (text === "{}") return add("{")
    add(text.slice(0, -1), Buffer.byteLength(text) - 1)
    add(",")
  }
  open(head)
  add('"blobs":[')
  for (const [at, { content, head: blob }] of blobs.entries()) {
    if (at > 0) add(",")
    open(blob)
    if (content._tag === "Data") {
      const data = JSON.stringify(content.data)
      add('"data":')
      add(data, Buffer.byteLength(data))
    } else {
      add(content._tag === "Upload" ? '"upload_id":' : '"data":')
      parts.push(part)
      part = ""
      holes.push(content._tag === "Upload" ? content.slot : { link: placeOf(content.file) })
    }
    add("}")
  }
  add("]}")
  parts.push(part)
  return { parts, holes, linked, bytes }
}

interface Assembled {
  readonly head: object
  /** How the content gets there, and why so; `undefined` of a value. */
  readonly why: string | undefined
  readonly content:
    | { readonly _tag: "Data"; readonly data: Schema.Json; readonly sha256?: string }
    | { readonly _tag: "Link"; readonly file: SourceFile.SourceFile }
    | { readonly _tag: "Upload"; readonly slot: Slot }
}

const isStaged = (staged: UploadDesk.Staged | Outcome.Outcome): staged is UploadDesk.Staged => "uploadId" in staged

type Failure = Source.SourceError | Sink.SinkError

/** A blob's file and its content: the record's, or one of the group's. */
interface Origin {
  readonly file: SourceFile.SourceFile
  readonly content: Sink.Content
  /** What its upload is called among those of the object. */
  readonly name: string
}

const originOf = (
  { content, file }: Sink.Record<MixpeekObject>,
  { content: of, property }: Blob
): Origin | undefined => {
  const part = of?._tag === "File" ? of.part : undefined
  if (part === undefined) return { file, content, name: property }
  const one = file.parts?.[part]
  return one === undefined || content.of === undefined
    ? undefined
    : { file: one, content: content.of(one), name: part === 0 ? property : `${property} ${part}` }
}

const uploaded = (
  { desk }: Options,
  { file: { token }, key, lineage }: Sink.Record<MixpeekObject>,
  { content, file, name: property }: Origin,
  head: object,
  why: string
): Effect.Effect<Assembled | Outcome.Outcome, Failure, Mixpeek> => {
  const again = Upload.upload(desk, {
    file,
    bytes: content.bytes,
    comparable: content.comparable,
    property,
    key,
    token,
    run: lineage
  })
  const recalledBy = UploadDesk.keyOf({
    sluice_pipeline: lineage.pipeline,
    source_key: key,
    source_token: token,
    property
  })
  return Effect.map(again, (current) =>
    isStaged(current)
      ? { head, why, content: { _tag: "Upload", slot: { current, again, recalledBy, pipeline: lineage.pipeline } } }
      : current
  )
}

const blobOf = (
  options: Options,
  record: Sink.Record<MixpeekObject>,
  blob: Blob
): Effect.Effect<Assembled | Outcome.Outcome, Failure, Mixpeek> => {
  const head = headOf(blob)
  if (blob.content?._tag === "Value") {
    return Effect.succeed({ head, why: undefined, content: { _tag: "Data", data: blob.content.value } })
  }
  const origin = originOf(record, blob)
  if (origin === undefined) {
    return Effect.succeed(
      rejected("no-such-part", `the mapping names a part for ${blob.property} that the file does not have`)
    )
  }
  const { content, file } = origin
  const delivering = BlobDelivery.deliver(options.delivery, file, blob.type, content)
  const bytes = Math.min(file.size ?? Number.POSITIVE_INFINITY, options.delivery.maxInlineBytes)
  return AtHand.flatMap(
    AtHand.isAtHand(delivering) ? delivering : options.desk.reading(bytes)(delivering),
    (delivered): Effect.Effect<Assembled | Outcome.Outcome, Failure, Mixpeek> => {
      if (delivered._tag === "Upload") return uploaded(options, record, origin, head, delivered.why)
      if (delivered._tag === "Link") {
        return Effect.succeed({ head, why: delivered.why, content: { _tag: "Link", file } })
      }
      return Effect.succeed(delivered._tag === "Data" ? { head, why: delivered.why, content: delivered } : delivered)
    }
  )
}

const isAssembled = (blob: Assembled | Outcome.Outcome): blob is Assembled => "head" in blob

/** Of the first file among the blobs. */
const sha256Of = (blobs: ReadonlyArray<Assembled>): string | undefined => {
  for (const { content } of blobs) {
    if (content._tag === "Data" && content.sha256 !== undefined) return content.sha256
    if (content._tag === "Upload") return content.slot.current.sha256
  }
  return undefined
}

/**
 * Makes a record ready to be sent. An outcome where it is not going to be: content that cannot be delivered, reserved
 * names, more bytes than a request may have, an object that is not one. A value already where nothing has to be read.
 */
export const make = (
  options: Options,
  record: Sink.Record<MixpeekObject>
): Effect.Effect<MixpeekRecord | Outcome.Outcome, Source.SourceError | Sink.SinkError, Mixpeek> => {
  const { object } = record
  if (!isMixpeekObject(object)) {
    return Effect.succeed(
      rejected(
        "invalid-object",
        "the mapping made something that is not a MixpeekObject. Type it as MixpeekObject to see why"
      )
    )
  }
  const reserved = Object.keys(object.fields ?? {}).find((name) => reservedName(name) !== undefined)
  if (reserved !== undefined) {
    return Effect.succeed(
      rejected("reserved-name", `the field ${reserved} has a name that belongs to the API. Give it another one`)
    )
  }
  const skipsDuplicates = object.skipDuplicates ?? options.skipDuplicates
  return AtHand.flatMap(AtHand.all(object.blobs.map((blob) => blobOf(options, record, blob))), (blobs) => {
    const assembled = blobs.filter(isAssembled)
    const outcome = blobs.find((blob): blob is Outcome.Outcome => !isAssembled(blob))
    return Effect.succeed(outcome ?? complete(options, record, object, assembled, skipsDuplicates))
  })
}

const complete = (
  options: Options,
  record: Sink.Record<MixpeekObject>,
  object: MixpeekObject,
  blobs: ReadonlyArray<Assembled>,
  skipsDuplicates: boolean
): MixpeekRecord | Outcome.Outcome => {
  const sha256 = sha256Of(blobs)
  const placed = LineageFields.add(options.lineage, object.fields ?? {}, record, sha256)
  if ("taken" in placed) {
    return rejected(
      "reserved-name",
      `the field ${placed.taken} is where lineage goes. Rename it, or place lineage elsewhere`
    )
  }
  const sourceId = options.lineage.sourceDetails ? record.lineage.uri : undefined
  const head = Object.assign(objectHead(object, skipsDuplicates, sourceId), placed.fields)
  const { bytes, holes, linked, parts } = assemble(head, blobs)
  const weight = bytes + 1 + holes.length * (BlobDelivery.maxUrlLength + 2)
  if (weight > options.maxBytes) {
    return rejected(
      "too-large",
      `the object takes ${weight.toLocaleString("en")} bytes, more than the ${options.maxBytes.toLocaleString("en")} of a whole request (batch.maxBytes). Map fewer or smaller fields`
    )
  }
  return {
    _tag: "Prepared",
    key: record.key,
    weight,
    staged: holes.some((hole) => "current" in hole),
    file: record.file,
    link: linked.length > 0 ? Option.getOrUndefined(record.content.link) : undefined,
    parts,
    holes,
    linked,
    blobs: blobs.length,
    skipsDuplicates,
    sha256,
    delivery: blobs.find(({ why }) => why !== undefined)?.why
  }
}

/** What was uploaded for the record. */
export const slotsOf = ({ holes }: MixpeekRecord): ReadonlyArray<Slot> =>
  holes.filter((hole): hole is Slot => "current" in hole)

/** Longer texts are content. */
const longestShown = 200

/** Content in so many words; of an address, no query: it may be signed. */
const shownData = (data: unknown): Schema.Json => {
  if (typeof data === "string") {
    if (/^https?:/.test(data)) return data.split("?")[0] ?? ""
    return data.length > longestShown || data.startsWith("data:")
      ? `(${data.length.toLocaleString("en")} characters)`
      : data
  }
  if (typeof data === "number" || typeof data === "boolean" || data === null) return data
  return Predicate.isObject(data) && "base64" in data
    ? { ...shownMedia(data), base64: `(${String(data["base64"]).length.toLocaleString("en")} characters)` }
    : `(${JSON.stringify(data).length.toLocaleString("en")} characters of JSON)`
}

const shownMedia = (data: object): { readonly mime_type?: string } =>
  "mime_type" in data && typeof data.mime_type === "string" ? { mime_type: data.mime_type } : {}

const decodeShown = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.StructWithRest(Schema.Struct({ blobs: Schema.Array(Schema.Record(Schema.String, Schema.Json)) }), [
      Schema.Record(Schema.String, Schema.Json)
    ])
  )
)

/** The object as it is sent, without content and links. */
export const describe = (record: MixpeekRecord): Schema.Json => {
  const object = decodeShown(
    json(
      record,
      record.linked.map(() => "(a link)")
    )
  )
  // What was uploaded has no data: its blob names the upload.
  const shown = object.blobs.map((blob) => ("data" in blob ? { ...blob, data: shownData(blob["data"]) } : blob))
  return { ...object, blobs: shown }
}

/** The object's JSON with uploads and links in their places; `urls` are those of `linked`. */
export const json = ({ holes, parts }: MixpeekRecord, urls: ReadonlyArray<string>): string => {
  let all = parts[0] ?? ""
  for (const [i, hole] of holes.entries()) {
    all += `${JSON.stringify("link" in hole ? urls[hole.link] : hole.current.uploadId)}${parts[i + 1]}`
  }
  return all
}
