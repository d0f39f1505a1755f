/**
 * Folders as the ledger keeps them: what of a folder matters for the files in it. It is how a change of a folder that
 * concerns its files (renamed, moved, shared) is told from one that does not (somebody has looked at it).
 *
 * Besides folders there are marks, so that shortcuts are looked at when that may be of use, and only then: `target:ID`
 * says that a shortcut that is followed leads to this file or folder, `above:ID` that one leads to something in this folder,
 * and what of the folder matters for that.
 */
import type { Change } from "@sluice/core"
import { Option, Schema } from "effect"

/** What matters of a folder, or of a shortcut to one. */
export const State = Schema.Struct({
  name: Schema.String,
  /** Of a shortcut: the folder it leads to. */
  target: Schema.optionalKey(Schema.String),
  /** A digest of who may see it, where that is asked for: files in it inherit that. */
  access: Schema.optionalKey(Schema.String)
})
export interface State extends Schema.Schema.Type<typeof State> {}

const Stored = Schema.fromJsonString(State)
const encode = Schema.encodeSync(Stored)
const decode = Schema.decodeUnknownOption(Stored)

/** A folder in its place. `within`: the folder, or the shortcut, that it is in; `undefined` at the top. */
export const make = (id: string, within: string | undefined, state: State): Change.Container => ({
  id,
  ...(within === undefined ? {} : { within }),
  state: encode(state)
})

/** A folder in its place that is not listed yet. */
export const unread = (id: string, within: string | undefined): Change.Container => ({
  id,
  ...(within === undefined ? {} : { within }),
  state: ""
})

/** Whether it is known where it is, and no more: what is in it may not have been listed. */
export const isUnread = ({ state }: Change.Container): boolean => state === ""

/** What was stored of it; `undefined` where that was not by us. */
export const stateOf = ({ state }: Change.Container): State | undefined => Option.getOrUndefined(decode(state))

/** Says that a shortcut leads there. */
export const mark = (target: string): Change.Container => ({ id: markOf(target), state: "" })

export const markOf = (target: string): string => `target:${target}`

/** Says that a shortcut leads to something in it. */
export const holder = (folder: string, state: ReadonlyArray<unknown>): Change.Container => ({
  id: holderOf(folder),
  state: JSON.stringify(state)
})

export const holderOf = (folder: string): string => `above:${folder}`

export const isHolder = ({ id }: Change.Container): boolean => id.startsWith(holderOf(""))

/** Whether the files in a folder have to be looked at again. */
export const differs = (before: Change.Container, now: Change.Container): boolean =>
  before.within !== now.within || before.state !== now.state
