/**
 * Addresses of S3 objects.
 */

/** Every octet of the UTF-8 form is percent-encoded, unless it is unreserved in RFC 3986 2.3 or a slash. */
export const encodePath = (text: string): string =>
  /^[\w.~/-]*$/.test(text)
    ? text
    : encodeURIComponent(text)
        .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll("%2F", "/")

/** The canonical address: `s3://bucket/key`, the key encoded, and `?versionId=…` where one version of the object is meant. */
export const canonical = (bucket: string, key: string, versionId?: string): string =>
  `s3://${bucket}/${encodePath(key)}${versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`}`

/** `s3://bucket/key` as AWS tools write it: not encoded. */
export const raw = (bucket: string, key: string): string => `s3://${bucket}/${key}`
