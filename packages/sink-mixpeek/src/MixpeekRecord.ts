/**
 * One object, ready to be sent: its JSON is made once, and only the link is put in when the request leaves.
 */
import { AtHand, Outcome, type Sink, type Source, type SourceFile } from "@sluice/core"
import { Effect, Option, Predicate, Result, Schema } from "effect"
import * as BlobDelivery from "./BlobDelivery.ts"
import * as LineageFields from "./LineageFields.ts"
import { type Blob, MixpeekObject } from "./MixpeekObject.ts"
import { type CreateBlobRequest, type CreateObjectRequest, reservedName } from "./Wire.ts"

/** An object ready to be sent. */
export interface MixpeekRecord extends Sink.Prepared {
  readonly file: SourceFile.SourceFile
  /** Mints the links; present where there are some to mint. */
  readonly link: Source.Link | undefined
  /** JSON of the object; between each two parts goes the link. */
  readonly parts: ReadonlyArray<string>
  /** Blobs it has: an answer without any was a duplicate. */
  readonly blobs: number
  readonly skipsDuplicates: boolean
}

/** How records are made. */
export interface Options {
  readonly delivery: BlobDelivery.Delivery
  readonly lineage: LineageFields.Placed
  readonly skipDuplicates: boolean
  /** A record that is larger can never be sent. */
  readonly maxBytes: number
}

const rejected = (code: string, message: string): Outcome.Outcome => Outcome.Rejected.make({ cause: { code, message } })

const validate = Schema.decodeUnknownResult(Schema.toType(MixpeekObject), {
  onExcessProperty: "error",
  errors: "first"
})

const present = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V } // a computed key widens to string

/** Everything of a blob but its data. */
const headOf = (blob: Blob): Omit<CreateBlobRequest, "data"> => ({
  property: blob.property,
  type: blob.type,
  ...present("key_prefix", blob.keyPrefix),
  ...present("metadata", blob.metadata),
  ...present("canonicalize_source", blob.canonicalizeSource),
  ...present("force_remirror", blob.forceRemirror)
})

/** Everything of an object but its blobs and the fields of the user. */
const objectHead = (
  object: MixpeekObject,
  skipsDuplicates: boolean,
  sourceId: string | undefined
): Omit<CreateObjectRequest, "blobs"> => ({
  ...present("key_prefix", object.keyPrefix),
  ...(skipsDuplicates ? { skip_duplicates: true } : {}),
  ...present("canonicalize_source", object.canonicalizeSource),
  ...present("force_remirror", object.forceRemirror),
  ...present("source_details", sourceId === undefined ? undefined : [{ type: "bucket" as const, source_id: sourceId }])
})

/** `{…}` without its brace at the end, ready for another key. */
const open = (value: object): string => {
  const text = JSON.stringify(value)
  return text === "{}" ? "{" : `${text.slice(0, -1)},`
}

/** The object's JSON in parts: the link goes between them. `undefined` stands for the link. */
const assemble = (head: object, blobs: ReadonlyArray<Assembled>): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let part = `${open(head)}"blobs":[`
  for (const [index, blob] of blobs.entries()) {
    part += `${index === 0 ? "" : ","}${open(blob.head)}"data":`
    if (blob.data === undefined) {
      parts.push(part)
      part = "}"
    } else part += `${JSON.stringify(blob.data)}}`
  }
  parts.push(`${part}]}`)
  return parts
}

interface Assembled {
  readonly head: object
  readonly data: Schema.Json | undefined
}

const blobOf = (
  options: Options,
  record: Sink.Record<MixpeekObject>,
  blob: Blob
): Effect.Effect<Assembled | Outcome.Outcome, Source.SourceError> => {
  const head = headOf(blob)
  if (blob.content?._tag === "Value") return Effect.succeed({ head, data: blob.content.value })
  return AtHand.flatMap(
    BlobDelivery.deliver(options.delivery, record.file, blob.type, record.content),
    (delivered): Effect.Effect<Assembled | Outcome.Outcome> => {
      if (delivered._tag === "Data") return Effect.succeed({ head, data: delivered.data })
      return Effect.succeed(delivered._tag === "Link" ? { head, data: undefined } : delivered)
    }
  )
}

const isOutcome = (blob: Assembled | Outcome.Outcome): blob is Outcome.Outcome => "_tag" in blob

/**
 * Makes a record ready to be sent. An outcome where it is not going to be: content that cannot be delivered, reserved
 * names, more bytes than a request may have, an object that is not one. A value already where nothing has to be read.
 */
export const make = (
  options: Options,
  record: Sink.Record<MixpeekObject>
): Effect.Effect<MixpeekRecord | Outcome.Outcome, Source.SourceError> => {
  const checked = validate(record.object)
  if (Result.isFailure(checked)) {
    return Effect.succeed(
      rejected(
        "invalid-object",
        "the mapping made something that is not a MixpeekObject. Type it as MixpeekObject to see why"
      )
    )
  }
  const object = checked.success
  const reserved = Object.keys(object.fields ?? {}).find((name) => reservedName(name) !== undefined)
  if (reserved !== undefined) {
    return Effect.succeed(
      rejected("reserved-name", `the field ${reserved} has a name that belongs to the API. Give it another one`)
    )
  }
  const placed = LineageFields.add(options.lineage, object.fields ?? {}, record.key, record.lineage)
  if ("taken" in placed) {
    return Effect.succeed(
      rejected(
        "reserved-name",
        `the field ${placed.taken} is where lineage goes. Rename it, or place lineage elsewhere`
      )
    )
  }
  const skipsDuplicates = object.skipDuplicates ?? options.skipDuplicates
  const sourceId = options.lineage.sourceDetails ? record.lineage.uri : undefined
  const head = { ...objectHead(object, skipsDuplicates, sourceId), ...placed.fields }
  return AtHand.flatMap(AtHand.all(object.blobs.map((blob) => blobOf(options, record, blob))), (blobs) =>
    Effect.succeed(blobs.find(isOutcome) ?? complete(options, record, head, blobs.filter(isAssembled), skipsDuplicates))
  )
}

const isAssembled = (blob: Assembled | Outcome.Outcome): blob is Assembled => !isOutcome(blob)

const complete = (
  options: Options,
  record: Sink.Record<MixpeekObject>,
  head: object,
  blobs: ReadonlyArray<Assembled>,
  skipsDuplicates: boolean
): MixpeekRecord | Outcome.Outcome => {
  const parts = assemble(head, blobs)
  const weight =
    parts.reduce((sum, part) => sum + Buffer.byteLength(part), 1) + (parts.length - 1) * (BlobDelivery.maxUrlLength + 2)
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
    file: record.file,
    link: parts.length > 1 ? Option.getOrUndefined(record.content.link) : undefined,
    parts,
    blobs: blobs.length,
    skipsDuplicates
  }
}

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
  const object = decodeShown(json(record, "(a link)"))
  return { ...object, blobs: object.blobs.map((blob) => ({ ...blob, data: shownData(blob["data"]) })) }
}

/** The object's JSON with the link in its places. */
export const json = (record: MixpeekRecord, link: string | undefined): string =>
  record.parts.join(link === undefined ? "" : JSON.stringify(link))
