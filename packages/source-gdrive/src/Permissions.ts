/**
 * Who may see a file, in the same words whatever kind of drive it is in.
 */
import type { Schema } from "effect"
import type { Permission } from "./Wire.ts"

/** Those who have a role. Addresses and domains in lower case, sorted, each once. */
export interface Grantees {
  readonly users: ReadonlyArray<string>
  readonly groups: ReadonlyArray<string>
  readonly domains: ReadonlyArray<string>
  /** Everybody who has the link, or finds it. */
  readonly anyone: boolean
}

/** Each grantee with the highest role it has. */
export interface Access {
  readonly owners: Grantees
  readonly writers: Grantees
  readonly readers: Grantees
}

type Level = keyof Access

const levels: ReadonlyMap<string, Level> = new Map([
  ["owner", "owners"],
  ["organizer", "owners"],
  ["fileOrganizer", "writers"],
  ["writer", "writers"],
  ["commenter", "readers"],
  ["reader", "readers"]
])

const kinds = { user: "users", group: "groups", domain: "domains" } as const

const granteeOf = ({ domain, emailAddress, id, type }: Permission): string | undefined =>
  (type === "domain" ? domain : (emailAddress ?? id))?.toLowerCase()

/**
 * Owners (and organizers of a shared drive), writers (and content managers), readers (and commenters). Grants to
 * accounts that no longer exist, and on less than the whole file, count for nothing.
 */
export const normalize = (permissions: ReadonlyArray<Permission>): Access => {
  const sets = () => ({
    users: new Set<string>(),
    groups: new Set<string>(),
    domains: new Set<string>(),
    anyone: false
  })
  const found = { owners: sets(), writers: sets(), readers: sets() }
  for (const permission of permissions) {
    const level = levels.get(permission.role ?? "")
    if (level === undefined || permission.deleted === true || permission.view !== undefined) continue
    const { type } = permission
    if (type === "anyone") found[level].anyone = true
    const grantee = granteeOf(permission)
    if ((type === "user" || type === "group" || type === "domain") && grantee !== undefined) {
      found[level][kinds[type]].add(grantee)
    }
  }
  const without = (mine: ReadonlySet<string>, higher: ReadonlyArray<ReadonlySet<string>>) =>
    [...mine].filter((grantee) => !higher.some((set) => set.has(grantee))).toSorted()
  const grantees = (level: Level, above: ReadonlyArray<Level>): Grantees => ({
    users: without(
      found[level].users,
      above.map((one) => found[one].users)
    ),
    groups: without(
      found[level].groups,
      above.map((one) => found[one].groups)
    ),
    domains: without(
      found[level].domains,
      above.map((one) => found[one].domains)
    ),
    anyone: found[level].anyone && !above.some((one) => found[one].anyone)
  })
  return {
    owners: grantees("owners", []),
    writers: grantees("writers", ["owners"]),
    readers: grantees("readers", ["writers", "owners"])
  }
}

/** As an attribute. */
export const toJson = (access: Access): { readonly [key: string]: Schema.Json } => ({
  owners: { ...access.owners },
  writers: { ...access.writers },
  readers: { ...access.readers }
})
