import { Config, Effect, Redacted } from "effect"
import { conformance } from "./conformance/suite.ts"
import { Target } from "./target.ts"

/** Brought up by `scripts/ceph-up.sh`. */
const ceph = Effect.gen(function* () {
  return {
    endpoint: yield* Config.String("SLUICE_CEPH_URL").pipe(Config.withDefault("http://127.0.0.1:7480")),
    region: "us-east-1",
    accessKeyId: yield* Config.String("SLUICE_CEPH_ACCESS_KEY_ID").pipe(Config.withDefault("S3RVER")),
    secretAccessKey: yield* Config.Redacted("SLUICE_CEPH_SECRET_ACCESS_KEY").pipe(
      Config.withDefault(Redacted.make("S3RVER"))
    )
  }
})

// Ceph 16, as Debian 12 has it. It refuses bodies with trailers, which the SDK sends unless told otherwise.
const config = { requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" } as const

conformance("Ceph's RADOS gateway", Target.layer(ceph, config), {
  modernChecksums: false,
  checksTokens: false,
  namesExpiry: false,
  namesMarkers: false
})
