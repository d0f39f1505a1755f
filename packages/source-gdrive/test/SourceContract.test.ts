import { NodeHttpClient } from "@effect/platform-node"
import { sourceContract } from "@sluice/testkit/source-contract"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Context, Effect, Layer } from "effect"
import { type Drive, DriveSource } from "../src/index.ts"
import * as Bench from "./bench.ts"
import { folderOf } from "./tree.ts"

class Server extends Context.Service<Server, DriveStandIn.DriveStandIn>()("test/Server") {}

const contents = Array.from({ length: 40 }, (_, i) => ({
  path: `${["", "a/", "a/b/", "c/d/e/"][i % 4]}file ${i}.txt`,
  bytes: new TextEncoder().encode(i === 7 ? "" : `content of ${i}\n`.repeat(i + 1))
}))

const layer = Layer.unwrap(
  Effect.map(Bench.standIn(), ({ drive, live }) => Layer.merge(live, Layer.succeed(Server, drive)))
)

const fixture = (from: (root: string, drive: DriveStandIn.DriveStandIn) => DriveSource.From, inSharedDrive = false) =>
  Effect.gen(function* () {
    const drive = yield* Server
    const shared = inSharedDrive
      ? yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
      : undefined
    const { ids, root } = yield* folderOf(drive, contents, shared)
    const byPath = (path: string) => ids.get(path) ?? path
    return {
      source: DriveSource.make({ from: from(shared ?? root, drive) }),
      files: inSharedDrive ? contents.map(({ bytes, path }) => ({ path: `root/${path}`, bytes })) : contents,
      replace: (path: string, bytes: Uint8Array) =>
        Effect.orDie(drive.updateContent(byPath(inSharedDrive ? path.slice("root/".length) : path), bytes)),
      remove: (path: string) => Effect.orDie(drive.remove(byPath(inSharedDrive ? path.slice("root/".length) : path)))
    }
  })

sourceContract<Drive | Server, unknown>(
  "A folder in My Drive",
  fixture((root) => ({ folders: [root] })),
  Layer.merge(layer, NodeHttpClient.layerUndici)
)
sourceContract<Drive | Server, unknown>(
  "A shared drive",
  fixture((drive) => ({ sharedDrive: drive }), true),
  Layer.merge(layer, NodeHttpClient.layerUndici)
)
