/**
 * Checksums of a stream of bytes, as S3 stores them.
 */
import { Crc32, Crc32c, Crc64Nvme } from "@aws-sdk/checksums/crc"
import { Body, type SourceFile } from "@sluice/core"
import { Effect } from "effect"

const aws = (checksum: Crc32 | Crc64Nvme | InstanceType<typeof Crc32c>): Body.Digest => ({
  update: (bytes) => checksum.update(bytes),
  digest: Effect.map(
    Effect.promise(() => checksum.digest()),
    (bytes) => Buffer.from(bytes).toString("hex")
  )
})

export const make = (algorithm: SourceFile.Checksum["algorithm"]): Body.Digest => {
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
      return Body.digest(algorithm)
  }
}
