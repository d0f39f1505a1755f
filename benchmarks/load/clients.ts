/** Sluice's clients on the servers of a benchmark. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { Source } from "@sluice/core"
import { type Misconfigured, Mixpeek } from "@sluice/sink-mixpeek"
import { Credentials, S3 } from "@sluice/source-s3"
import { Layer, Redacted } from "effect"
import type { Addresses } from "../servers/main.ts"

/** A rate that never holds anything back. */
const unlimited = { perMinute: 10_000_000, burst: 1_000_000 }

export const s3 = ({
  s3: { accessKeyId, secretAccessKey, url }
}: Pick<Addresses, "s3">): Layer.Layer<S3, Source.SourceError> =>
  S3.layer({
    endpoint: url,
    credentials: Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
  })

export const clients = (
  addresses: Pick<Addresses, "s3" | "mixpeek">
): Layer.Layer<S3 | Mixpeek, Source.SourceError | Misconfigured> => {
  const { apiKey, namespace, url } = addresses.mixpeek
  const mixpeek = Mixpeek.layer({
    url,
    apiKey: Redacted.make(apiKey),
    namespace,
    maxInFlight: 512,
    rateLimits: { data: unlimited, upload: unlimited, metadata: unlimited }
  })
  return Layer.mergeAll(s3(addresses), mixpeek).pipe(Layer.provide(NodeHttpClient.layerUndici))
}
