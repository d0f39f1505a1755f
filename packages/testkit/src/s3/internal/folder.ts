/** Real files as objects. */
import type { Dirent } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join, relative, sep } from "node:path"
import { fileBody } from "../../internal/body.ts"
import { typeByName } from "../../internal/contentType.ts"
import { addVersion, type Bucket, type Store } from "./store.ts"
import { wholeSeconds } from "./time.ts"

/** The Content-Type a client would have sent with a file of this name. */
export const contentTypeOf = (key: string): string => typeByName(key) ?? "binary/octet-stream"

/** Puts each file of a folder, and of those in it, as an object whose bytes stay on disk. Answers how many. */
export const addFolder = async (
  store: Store,
  bucket: Bucket,
  folder: string,
  keyOf: (relativePath: string) => string | undefined
): Promise<number> => {
  const entries: ReadonlyArray<Dirent> = await readdir(folder, { recursive: true, withFileTypes: true })
  let added = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const key = keyOf(relative(folder, path).split(sep).join("/"))
    if (key === undefined) continue
    const found = await stat(path)
    addVersion(store, bucket, {
      key,
      deleteMarker: false,
      lastModified: wholeSeconds(found.mtimeMs),
      body: fileBody(path, found.size),
      etag: undefined,
      headers: { "content-type": contentTypeOf(key) },
      metadata: {},
      storageClass: "STANDARD",
      tags: [],
      restoration: undefined,
      checksums: {},
      customerKeyMd5: undefined,
      encryption: undefined
    })
    added++
  }
  return added
}
