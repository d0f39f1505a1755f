import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, listed, read, said } from "./client.ts"

it.effect("lists the files of a folder that was shared with a service account, and reads them", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const folder = yield* google.createFolder("Photos")
    yield* google.share(folder, { role: "reader", emailAddress: google.serviceAccount.clientEmail })
    const id = yield* google.createFile({ name: "a.txt", parents: [folder], content: "hello" })
    yield* google.createFile({ name: "private.txt", content: "no" })
    const client = clientOf(google)
    const files = yield* listed(client, { q: `'${folder}' in parents and trashed = false`, fields: "*" })
    assert.deepStrictEqual(
      files.map((file) => [file.id, file.name, file.size, file.md5Checksum]),
      [[id, "a.txt", "5", "5d41402abc4b2a76b9719d911017c592"]]
    )
    assert.strictEqual((yield* read(client, { fileId: id })).bytes.toString(), "hello")
    const about = yield* said(() => client.about.get({ fields: "user" }))
    assert.strictEqual(about.user?.emailAddress, google.serviceAccount.clientEmail)
    assert.deepStrictEqual(yield* google.violations, [])
    assert.isTrue(google.validated)
  })
)
