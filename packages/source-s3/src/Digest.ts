/**
 * Checksums of a stream of bytes, as S3 stores them.
 */
import { Crc32, Crc32c, Crc64Nvme } from "@aws-sdk/checksums/crc"
import type { SourceFile } from "@sluice/core"
import { Effect } from "effect"
import { createHash } from "node:crypto"

/** A checksum in the making. `digest` ends it: lower-case hex. */
export interface Digest {
  readonly update: (bytes: Uint8Array) => void
  readonly digest: Effect.Effect<string>
}

const native = (algorithm: string): Digest => {
  const hash = createHash(algorithm)
  return { update: (bytes) => hash.update(bytes), digest: Effect.sync(() => hash.digest("hex")) }
}

const aws = (checksum: Crc32 | Crc64Nvme | InstanceType<typeof Crc32c>): Digest => ({
  update: (bytes) => checksum.update(bytes),
  digest: Effect.map(
    Effect.promise(() => checksum.digest()),
    (bytes) => Buffer.from(bytes).toString("hex")
  )
})

export const make = (algorithm: SourceFile.Checksum["algorithm"]): Digest => {
  switch (algorithm) {
    case "crc32":
      return aws(new Crc32())
    case "crc32c":
      return aws(new Crc32c())
    case "crc64nvme":
      return aws(new Crc64Nvme())
    case "md5":
    case "sha1":
    case "sha256":
      return native(algorithm)
  }
}
