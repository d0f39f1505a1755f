/** The object that Sluice makes of a file, made by hand. */
import { hash } from "node:crypto"

/** A file of a listing. */
export interface Listed {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly modified: string
}

const runId = crypto.randomUUID()

export const objectOf = (bucket: string, { etag, key, modified, size }: Listed, blob: object) => {
  const uri = `s3://${bucket}/${key}`
  return {
    key_prefix: key.slice(0, key.lastIndexOf("/")),
    source_details: [{ type: "bucket", source_id: uri }],
    source_key: hash("sha256", uri),
    metadata: {
      source: {
        uri,
        id: `${bucket}/${key}`,
        token: `etag:${etag}:${size}`,
        path: key,
        modified_at: modified,
        run_id: runId,
        pipeline: "benchmark"
      }
    },
    blobs: [{ property: "document", type: "pdf", ...blob }]
  }
}
