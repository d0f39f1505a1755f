/** A Mixpeek of our own for `npm start`, and what it holds in the end. */
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Redacted } from "effect"

export const target = "bkt_files"

const type = (type: string) => ({ type })

/**
 * With the limits of a Pro plan, and a bucket that declares what the programs send. One that `upserts` holds one object for
 * each file, however often it is sent.
 */
export const mixpeekStandIn = ({ upserts }: { readonly upserts: boolean }) =>
  MixpeekStandIn.make({
    limits: { data: { requests: 600, window: "1 minute", algorithm: "token-bucket", burst: 200 }, concurrent: 50 },
    fetchReferences: "GET",
    buckets: [
      {
        id: target,
        schema: {
          properties: {
            document: type("pdf"),
            image: type("image"),
            audio: type("audio"),
            video: type("video"),
            text: type("text"),
            table: type("excel"),
            access: type("object"),
            source_key: type("string"),
            metadata: type("object")
          }
        },
        ...(upserts ? { uniqueKey: { fields: ["source_key"], default_policy: "upsert" } } : {})
      }
    ]
  })

/** The environment by which a program reaches it. */
export const environment = ({ apiKey, namespace, url }: MixpeekStandIn.MixpeekStandIn): Record<string, string> => ({
  MIXPEEK_URL: url,
  MIXPEEK_API_KEY: Redacted.value(apiKey),
  MIXPEEK_NAMESPACE: namespace,
  MIXPEEK_BUCKET: target
})

/** An object as it is stored, without the signed link. */
export const shown = ({ blobs, fields, keyPrefix, objectId, sourceDetails }: MixpeekStandIn.StoredObject): string =>
  JSON.stringify(
    {
      object_id: objectId,
      key_prefix: keyPrefix,
      blobs: blobs.map(({ content, property, type }) => ({
        property,
        type,
        size: content?.size,
        sha256: content?.sha256
      })),
      source_details: sourceDetails,
      ...fields
    },
    null,
    2
  )
