import { S3StandIn } from "@sluice/testkit/s3"
import { Effect } from "effect"
import { conformance } from "./conformance/suite.ts"
import { Target } from "./target.ts"

const standIn = Effect.map(S3StandIn.make(), ({ accessKeyId, region, secretAccessKey, url }) => ({
  endpoint: url,
  region,
  accessKeyId,
  secretAccessKey
}))

conformance("the S3 stand-in", Target.layer(standIn), {
  modernChecksums: true,
  checksTokens: true,
  namesExpiry: true,
  namesMarkers: true
})
