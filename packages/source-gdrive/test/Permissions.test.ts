import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { normalize, toJson } from "../src/Permissions.ts"
import type { Permission } from "../src/Wire.ts"

const nobody = { users: [], groups: [], domains: [], anyone: false }

const user = (name: string, role: string): Permission => ({ type: "user", emailAddress: `${name}@example.com`, role })

/** Those who have a role, in a line for each level that somebody has: `writers: users ada@example.com, anyone`. */
const said = (permissions: ReadonlyArray<Permission>): ReadonlyArray<string> =>
  Object.entries(normalize(permissions)).flatMap(([level, { anyone, domains, groups, users }]) => {
    const all = [
      ...(users.length > 0 ? [`users ${users.join(" ")}`] : []),
      ...(groups.length > 0 ? [`groups ${groups.join(" ")}`] : []),
      ...(domains.length > 0 ? [`domains ${domains.join(" ")}`] : []),
      ...(anyone ? ["anyone"] : [])
    ]
    return all.length === 0 ? [] : [`${level}: ${all.join(", ")}`]
  })

describe("Permissions", () => {
  it.each([
    ["owner", "owners"],
    ["organizer", "owners"],
    ["fileOrganizer", "writers"],
    ["writer", "writers"],
    ["commenter", "readers"],
    ["reader", "readers"]
  ])("counts %s among the %s", (role, level) =>
    assert.deepStrictEqual(said([user("ada", role)]), [`${level}: users ada@example.com`])
  )

  it.each([
    ["nobody", [], []],
    [
      "a group",
      [{ type: "group", emailAddress: "All@Example.com", role: "writer" }],
      ["writers: groups all@example.com"]
    ],
    ["a domain", [{ type: "domain", domain: "Example.com", role: "reader" }], ["readers: domains example.com"]],
    [
      "a domain by its name, and not by an address",
      [{ type: "domain", domain: "example.com", emailAddress: "x@example.com", role: "reader" }],
      ["readers: domains example.com"]
    ],
    ["everybody", [{ type: "anyone", id: "anyoneWithLink", role: "reader" }], ["readers: anyone"]],
    ["somebody without an address by id", [{ type: "user", id: "123AB", role: "reader" }], ["readers: users 123ab"]],
    ["nobody by a grant of no one", [{ type: "user", role: "reader" }], []],
    ["nobody by a grant to no domain", [{ type: "domain", id: "1", role: "reader" }], []],
    ["nobody whose account is gone", [{ ...user("ada", "writer"), deleted: true }], []],
    [
      "somebody whose account is there",
      [{ ...user("ada", "writer"), deleted: false }],
      ["writers: users ada@example.com"]
    ],
    ["nobody who sees less than the file", [{ ...user("ada", "reader"), view: "published" }], []],
    ["nobody by a role that nobody has heard of", [user("ada", "constructor"), { type: "user", id: "1" }], []],
    ["nobody of a kind that nobody has heard of", [{ type: "planet", id: "1", role: "reader" }], []],
    [
      "each once, in the order of the alphabet",
      [user("cy", "reader"), user("ada", "reader"), user("CY", "commenter")],
      ["readers: users ada@example.com cy@example.com"]
    ],
    [
      "each by its highest role",
      [
        user("ada", "reader"),
        user("ada", "writer"),
        user("ada", "owner"),
        user("bob", "reader"),
        user("bob", "writer")
      ],
      ["owners: users ada@example.com", "writers: users bob@example.com"]
    ],
    [
      "everybody by the highest role",
      [
        { type: "anyone", role: "reader" },
        { type: "anyone", role: "writer" }
      ],
      ["writers: anyone"]
    ],
    [
      "a user and a group of one address for two",
      [user("all", "writer"), { type: "group", emailAddress: "all@example.com", role: "reader" }],
      ["writers: users all@example.com", "readers: groups all@example.com"]
    ]
  ] as ReadonlyArray<readonly [string, ReadonlyArray<Permission>, ReadonlyArray<string>]>)(
    "names %s",
    (_, permissions, expected) => assert.deepStrictEqual(said(permissions), expected)
  )

  it("says all of it as an attribute", () =>
    assert.deepStrictEqual(toJson(normalize([user("ada", "owner"), { type: "anyone", role: "reader" }])), {
      owners: { ...nobody, users: ["ada@example.com"] },
      writers: nobody,
      readers: { ...nobody, anyone: true }
    }))

  const permissions = Schema.Array(
    Schema.Struct({
      type: Schema.Literals(["user", "group", "domain", "anyone"]),
      role: Schema.Literals(["owner", "organizer", "fileOrganizer", "writer", "commenter", "reader"]),
      emailAddress: Schema.Literals(["ada@example.com", "Ada@example.com", "bob@example.com"]),
      domain: Schema.Literals(["example.com", "example.org"])
    })
  )

  it.prop("says the same of any order, and names nobody twice", { permissions }, ({ permissions }) => {
    const access = normalize(permissions)
    assert.deepStrictEqual(normalize(permissions.toReversed()), access)
    assert.deepStrictEqual(normalize([...permissions, ...permissions]), access)
    const levels = Object.values(access)
    for (const kind of ["users", "groups", "domains"] as const) {
      const all = levels.flatMap((level) => level[kind])
      assert.strictEqual(new Set(all).size, all.length)
    }
    assert.isAtMost(levels.filter(({ anyone }) => anyone).length, 1)
  })
})
