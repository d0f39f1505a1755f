/** The checksums S3 keeps beside an object, in the spelling of its headers: base64 of the big-endian digest. */
import { Crc32c, Crc64Nvme } from "@aws-sdk/checksums/crc"
import { hash } from "node:crypto"
import { crc32 } from "node:zlib"
import { Refusal } from "./refusal.ts"

/** As `x-amz-checksum-algorithm` spells them. */
export type Algorithm = "CRC32" | "CRC32C" | "CRC64NVME" | "SHA1" | "SHA256"

export const algorithms: ReadonlyArray<Algorithm> = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]

const checksumHeader = (algorithm: Algorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`

export const algorithmNamed = (name: string | undefined): Algorithm | undefined =>
  algorithms.find((algorithm) => algorithm === name?.toUpperCase())

/** Whether a checksum is of the whole object or of the checksums of its parts. */
export const checksumType = (value: string): "COMPOSITE" | "FULL_OBJECT" =>
  value.includes("-") ? "COMPOSITE" : "FULL_OBJECT"

/** The headers that state an object's checksums. */
export const checksumHeaders = (checksums: Partial<Record<Algorithm, string>>): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const algorithm of algorithms) {
    const value = checksums[algorithm]
    if (value === undefined) continue
    headers[checksumHeader(algorithm)] = value
    headers["x-amz-checksum-type"] = checksumType(value)
  }
  return headers
}

/** The checksum of some bytes. */
export const checksumOf = async (algorithm: Algorithm, bytes: Uint8Array): Promise<string> => {
  switch (algorithm) {
    case "SHA1":
    case "SHA256":
      return hash(algorithm.toLowerCase(), bytes, "base64")
    case "CRC32": {
      const digest = Buffer.alloc(4)
      digest.writeUInt32BE(crc32(bytes))
      return digest.toString("base64")
    }
    case "CRC32C":
    case "CRC64NVME": {
      const digest = algorithm === "CRC32C" ? new Crc32c() : new Crc64Nvme()
      digest.update(bytes)
      return Buffer.from(await digest.digest()).toString("base64")
    }
  }
}

/** The checksums a request states in headers or trailers, each compared with the bytes: `BadDigest` where one differs. */
export const verifyChecksums = async (
  stated: (header: string) => string | undefined,
  bytes: Uint8Array
): Promise<Partial<Record<Algorithm, string>>> => {
  const checksums: Partial<Record<Algorithm, string>> = {}
  for (const algorithm of algorithms) {
    const value = stated(checksumHeader(algorithm))
    if (value === undefined) continue
    if ((await checksumOf(algorithm, bytes)) !== value) {
      throw new Refusal("BadDigest", {
        message: `The ${algorithm} you specified did not match the calculated checksum.`
      })
    }
    checksums[algorithm] = value
  }
  return checksums
}

/** Compares `Content-MD5` with the bytes, where it is given. */
export const verifyMd5 = (stated: string | undefined, bytes: Uint8Array): void => {
  if (stated === undefined) return
  if (Buffer.from(stated, "base64").byteLength !== 16) throw new Refusal("InvalidDigest")
  if (hash("md5", bytes, "base64") !== stated) throw new Refusal("BadDigest")
}

/** The checksum of parts: that of the parts' checksums, with their number. */
export const compositeChecksum = async (algorithm: Algorithm, parts: ReadonlyArray<string>): Promise<string> =>
  `${await checksumOf(algorithm, Buffer.concat(parts.map((part) => Buffer.from(part, "base64"))))}-${parts.length}`
