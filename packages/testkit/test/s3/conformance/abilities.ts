/** What the suites are told of the server they run against. */
import type { Vitest } from "@effect/vitest"
import type { Target } from "../target.ts"

/** The `it` of a suite whose tests have a server. */
export type Suite = Vitest.MethodsNonLive<Target>

/** What a server may lack and still be held against the rest. */
export interface Abilities {
  /** `x-amz-checksum-*` is kept, answered and verified, also in trailers (since 2022; not in Ceph 16). */
  readonly modernChecksums: boolean
  /** A continuation token that is none is refused (Ceph takes it for a key). */
  readonly checksTokens: boolean
  /** The error document says that a presigned address has expired (Ceph says AccessDenied alone). */
  readonly namesExpiry: boolean
  /** To read a delete marker by its id is 405 MethodNotAllowed (404 NoSuchKey in Ceph). */
  readonly namesMarkers: boolean
}
