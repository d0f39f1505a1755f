/**
 * What a mapping may ask of a file besides its content, by kind:
 *
 * | kind | keys |
 * |---|---|
 * | `properties`, `appProperties` | as they are set |
 * | `labels` | ids of labels, each with its fields by id: a value, or a list of them |
 * | `description` | `text` |
 * | `owners` | `emails`, `names` |
 * | `webViewLink` | `url` |
 * | `permissions` | `owners`, `writers`, `readers`, each `{ users, groups, domains, anyone }` |
 */
import type { SourceFile } from "@sluice/core"
import type { Schema } from "effect"
import * as Permissions from "./Permissions.ts"
import type { File, Label, LabelField, Permission } from "./Wire.ts"

type Values = { readonly [key: string]: Schema.Json }

/** Keys in one order, so that equal attributes are equal as JSON. */
const sorted = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)))

const valueOf = ({ dateString, integer, selection, text, user }: LabelField): Schema.Json => {
  const values = text ?? integer ?? dateString ?? selection ?? (user ?? []).map((one) => one.emailAddress ?? "")
  const [only] = values
  return values.length === 1 && only !== undefined ? only : values
}

const ofLabels = (labels: ReadonlyArray<Label>): Values =>
  Object.fromEntries(
    labels.map(({ fields = {}, id }) => [
      id,
      sorted(Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, valueOf(value)])))
    ])
  )

const present = (values: { readonly [key: string]: string | undefined }): Values =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))

/**
 * The attributes of a file that were asked for. `permissions` are those of the file where it does not name them itself
 * (in shared drives).
 */
export const of = (
  file: File,
  asked: ReadonlySet<string>,
  permissions: ReadonlyArray<Permission>
): SourceFile.SourceFile["attributes"] => {
  const attributes: { [kind: string]: Values } = {}
  if (asked.has("properties")) attributes["properties"] = sorted(file.properties ?? {})
  if (asked.has("appProperties")) attributes["appProperties"] = sorted(file.appProperties ?? {})
  if (asked.has("labels")) attributes["labels"] = sorted(ofLabels(file.labelInfo?.labels ?? []))
  if (asked.has("description")) attributes["description"] = present({ text: file.description })
  if (asked.has("webViewLink")) attributes["webViewLink"] = present({ url: file.webViewLink })
  if (asked.has("owners")) {
    const owners = file.owners ?? []
    attributes["owners"] = {
      emails: owners.flatMap(({ emailAddress }) => emailAddress ?? []),
      names: owners.flatMap(({ displayName }) => displayName ?? [])
    }
  }
  if (asked.has("permissions")) {
    attributes["permissions"] = Permissions.toJson(Permissions.normalize(file.permissions ?? permissions))
  }
  return attributes
}

/** Where content that is shared by link needs a key to be read, the key goes with the file. */
const keyKind = "resourceKey"

/** The key of a file's content: its own, or the one its shortcut names. */
export const keyOf = (entry: File, content: File): SourceFile.SourceFile["attributes"] => {
  const key = entry.shortcutDetails?.targetResourceKey ?? content.resourceKey
  return key === undefined ? {} : { [keyKind]: { value: key } }
}

export const resourceKeyOf = ({ attributes }: SourceFile.SourceFile): string | undefined => {
  const value = attributes[keyKind]?.["value"]
  return typeof value === "string" ? value : undefined
}
