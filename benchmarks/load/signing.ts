/** Presigned links and signed requests by hand, for the limit: what AWS describes, and nothing else. */
import { createHmac, hash } from "node:crypto"
import type { Addresses } from "../servers/main.ts"

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest()

export const signer = ({ accessKeyId, bucket, secretAccessKey, url }: Addresses["s3"]) => {
  const { host, origin } = new URL(url)
  const time = new Date().toISOString().replaceAll(/[:-]|\.\d{3}/g, "")
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const key = ["us-east-1", "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, time.slice(0, 8)))
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Credential=${encodeURIComponent(`${accessKeyId}/${scope}`)}&X-Amz-Date=${time}&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&x-id=GetObject`
  const sign = (canonical: string) =>
    createHmac("sha256", key)
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash("sha256", canonical)}`)
      .digest("hex")
  return {
    /** A link to a file. */
    link: (file: string): string => {
      const path = `/${bucket}/${file}`
      const signature = sign(`GET\n${path}\n${query}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`)
      return `${origin}${path}?${query}&X-Amz-Signature=${signature}`
    },
    /** Headers that a GET of a file is sent with. */
    headers: (file: string): Record<string, string> => {
      const signed = "host;x-amz-content-sha256;x-amz-date"
      const signature = sign(
        `GET\n/${bucket}/${file}\n\nhost:${host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:${time}\n\n${signed}\nUNSIGNED-PAYLOAD`
      )
      return {
        "x-amz-date": time,
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
      }
    }
  }
}
