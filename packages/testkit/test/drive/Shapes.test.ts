import { assert, it } from "@effect/vitest"
import { Config, Effect } from "effect"
import { readFileSync } from "node:fs"
import { defaultPath } from "../../src/drive/internal/description.ts"
import type { Shape } from "../../src/drive/internal/fields.ts"
import * as shapes from "../../src/drive/internal/shapes.ts"

/** As much of Google's own description as is looked at here. */
interface Type {
  readonly $ref?: string
  readonly items?: Type
  readonly properties?: Readonly<Record<string, Type>>
}

interface Description {
  readonly schemas: Readonly<Record<string, Type>>
}

const path = Config.String("GOOGLE_DRIVE_DESCRIPTION").pipe(Config.withDefault(defaultPath))

// Absent outside of the machines that have it; the test is skipped there.
const description = await Effect.runPromise(
  path.pipe(
    Effect.flatMap((path) => Effect.try(() => JSON.parse(readFileSync(path, "utf8")) as Description)),
    Effect.orElseSucceed((): Description => ({ schemas: {} }))
  )
)
const absent = Object.keys(description.schemas).length === 0

const named: ReadonlyArray<readonly [name: string, shape: Shape]> = [
  ["About", shapes.about],
  ["ChangeList", shapes.changeList],
  ["Drive", shapes.drive],
  ["DriveList", shapes.driveList],
  ["File", shapes.file],
  ["FileList", shapes.fileList],
  ["LabelList", shapes.labelList],
  ["Operation", shapes.operation],
  ["Permission", shapes.permission],
  ["PermissionList", shapes.permissionList],
  ["StartPageToken", shapes.startPageToken]
]

const resolved = (type: Type): Type => {
  const inner = type.items ?? type
  return inner.$ref === undefined ? inner : (description.schemas[inner.$ref] ?? {})
}

/** Where a shape and a type have different names, and which; what a shape leaves open is not looked into. */
const differences = (at: string, shape: Shape, type: Type): ReadonlyArray<string> => {
  const properties = resolved(type).properties ?? {}
  if (shape === "open") return []
  if (shape === "leaf") return Object.keys(properties).length === 0 ? [] : [`${at} has parts`]
  const mine = Object.keys(shape)
  const theirs = Object.keys(properties)
  return [
    ...mine.filter((name) => !theirs.includes(name)).map((name) => `${at}.${name} is not Google's`),
    ...theirs.filter((name) => !mine.includes(name)).map((name) => `${at}.${name} is missing`),
    ...mine.flatMap((name) => differences(`${at}.${name}`, shape[name] ?? "leaf", properties[name] ?? {}))
  ]
}

it.effect.skipIf(absent)("knows the names of all fields that Google's description has, and no others", () =>
  Effect.sync(() => {
    const found = named.flatMap(([name, shape]) => differences(name, shape, { $ref: name }))
    assert.deepStrictEqual(found, [])
  })
)
