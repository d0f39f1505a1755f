/**
 * Google's own description of the API (a discovery document), and whether answers and requests agree with it.
 * https://developers.google.com/discovery/v1/type-format
 */
import { Ajv, type ValidateFunction } from "ajv"
import { Schema } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Operation } from "./operation.ts"
import type { RequestInfo } from "./server.ts"
import { type Answer, json } from "./work.ts"

/** One type, as far as it is read here; what else it says is for readers. */
interface Type {
  readonly type?: string
  readonly $ref?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, Type>>
  readonly additionalProperties?: Type
  readonly items?: Type
}

const Type: Schema.Codec<Type> = Schema.Struct({
  type: Schema.optionalKey(Schema.String),
  $ref: Schema.optionalKey(Schema.String),
  format: Schema.optionalKey(Schema.String),
  properties: Schema.optionalKey(
    Schema.Record(
      Schema.String,
      Schema.suspend((): Schema.Codec<Type> => Type)
    )
  ),
  additionalProperties: Schema.optionalKey(Schema.suspend((): Schema.Codec<Type> => Type)),
  items: Schema.optionalKey(Schema.suspend((): Schema.Codec<Type> => Type))
})

const Method = Schema.Struct({
  parameters: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  response: Schema.optionalKey(Schema.Struct({ $ref: Schema.String }))
})

const Document = Schema.fromJsonString(
  Schema.Struct({
    revision: Schema.String,
    schemas: Schema.Record(Schema.String, Type),
    parameters: Schema.Record(Schema.String, Schema.Unknown),
    resources: Schema.Record(Schema.String, Schema.Struct({ methods: Schema.Record(Schema.String, Method) }))
  })
)

const decode = Schema.decodeUnknownSync(Document)

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  int64: (text) => /^-?\d{1,19}$/.test(text),
  uint64: (text) => /^\d{1,20}$/.test(text),
  "date-time": (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  "google-datetime": (text) => !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text),
  byte: (text) => /^[\w+/=-]*$/.test(text)
}

/** A type in JSON Schema: the same, but that names there are not are refused. */
const jsonSchema = (type: Type): object => {
  if (type.$ref !== undefined) return { $ref: `#/$defs/${type.$ref}` }
  switch (type.type) {
    case "any":
      return {}
    case "array":
      return { type: "array", items: jsonSchema(type.items ?? { type: "any" }) }
    case "object":
      return {
        type: "object",
        properties: Object.fromEntries(
          Object.entries(type.properties ?? {}).map(([name, property]) => [name, jsonSchema(property)])
        ),
        additionalProperties: type.additionalProperties === undefined ? false : jsonSchema(type.additionalProperties)
      }
    case "string":
      return type.format === undefined ? { type: "string" } : { type: "string", format: type.format }
    default:
      return { type: type.type }
  }
}

interface Checks {
  /** By the name of a type. */
  readonly types: ReadonlyMap<string, ValidateFunction>
  /** Names of the parameters of each method, and the type of its answer. */
  readonly methods: ReadonlyMap<
    string,
    { readonly parameters: ReadonlySet<string>; readonly answer: string | undefined }
  >
}

// The methods whose answers are compared.
const checked: ReadonlyArray<Operation> = [
  "about.get",
  "changes.getStartPageToken",
  "changes.list",
  "drives.get",
  "drives.list",
  "files.download",
  "files.get",
  "files.list",
  "files.listLabels",
  "operations.get",
  "permissions.get",
  "permissions.list"
]

const compile = (text: string): Checks => {
  const document = decode(text)
  const ajv = new Ajv({ formats: { ...formats }, allErrors: true })
  const $defs = Object.fromEntries(Object.entries(document.schemas).map(([name, type]) => [name, jsonSchema(type)]))
  const common = Object.keys(document.parameters)
  const types = new Map<string, ValidateFunction>()
  const methods = new Map<string, { readonly parameters: ReadonlySet<string>; readonly answer: string | undefined }>()
  for (const [resource, { methods: all }] of Object.entries(document.resources)) {
    for (const [name, { parameters = {}, response }] of Object.entries(all)) {
      const answer = response?.$ref
      methods.set(`${resource}.${name}`, { parameters: new Set([...common, ...Object.keys(parameters)]), answer })
    }
  }
  for (const operation of checked) {
    const answer = methods.get(operation)?.answer
    if (answer === undefined || types.has(answer)) continue
    types.set(answer, ajv.compile({ $ref: `#/$defs/${answer}`, $defs }))
  }
  return { types, methods }
}

// Compiled once for each process and file: it takes some hundred milliseconds.
const compiled = new Map<string, Checks | undefined>()

const checksOf = (path: string): Checks | undefined => {
  // It belongs to Google and is not part of the repository: elsewhere there may be none.
  if (!compiled.has(path)) compiled.set(path, existsSync(path) ? compile(readFileSync(path, "utf8")) : undefined)
  return compiled.get(path)
}

/** Where the description is looked for if nobody says: beside a checkout of this repository. */
export const defaultPath = fileURLToPath(
  new URL("../../../../../../shared/data/drive.v3.discovery.json", import.meta.url)
)

/** The description at work: what it found wrong is in `violations`. */
export interface Description {
  readonly violations: ReadonlySet<string>
  /** The answer, or 500 in its place where it breaks the description. */
  readonly held: (request: RequestInfo, answer: Answer) => Answer
}

/** Reads the description; `undefined` where there is none. One in `every` answers is compared. */
export const makeDescription = (path: string, every: number): Description | undefined => {
  const checks = checksOf(path)
  if (checks === undefined) return undefined
  const violations = new Set<string>()
  return {
    violations,
    held: ({ number, operation, query }, answer) => {
      if (operation === undefined) return answer
      const name = operation === "files.media" ? "files.get" : operation
      const method = checks.methods.get(name)
      if (method === undefined) return answer
      for (const parameter of Object.keys(query)) {
        if (!method.parameters.has(parameter)) violations.add(`${name}: unknown parameter ${parameter}`)
      }
      const check = checks.types.get(method.answer ?? "")
      if (answer.json === undefined || check === undefined || number % every !== 0 || check(answer.json)) return answer
      const breaches = (check.errors ?? []).map(
        ({ instancePath, message, params }) => `${name} ${instancePath}: ${message} ${JSON.stringify(params)}`
      )
      for (const breach of breaches) violations.add(breach)
      return json({ error: { code: 500, message: `The stand-in breaks Google's description: ${breaches[0]}` } }, 500)
    }
  }
}
