/** The key pairs the stand-in knows. */
import { createHmac } from "node:crypto"
import { Redacted } from "effect"
import { Refusal } from "./refusal.ts"

/** A key pair, for good or (with a token) for a session. */
export interface Credential {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted<string>
  /** Present for credentials of a session, as an assumed role has them. */
  readonly sessionToken?: Redacted.Redacted<string> | undefined
  /** Milliseconds since 1970 from which on they are `ExpiredToken`. */
  readonly expiresAt?: number | undefined
}

/** Finds the key pair a request names, and refuses it as S3 does when it is unknown, expired or without its token. */
export const credentialFor = (
  known: ReadonlyMap<string, Credential>,
  accessKeyId: string,
  token: string | undefined,
  now: number
): Credential => {
  const credential = known.get(accessKeyId)
  if (credential === undefined || (credential.sessionToken !== undefined && token === undefined)) {
    throw new Refusal("InvalidAccessKeyId", { elements: { AWSAccessKeyId: accessKeyId } })
  }
  const expected = credential.sessionToken === undefined ? undefined : Redacted.value(credential.sessionToken)
  if (token !== expected) throw new Refusal("InvalidToken")
  if (credential.expiresAt !== undefined && now >= credential.expiresAt) throw new Refusal("ExpiredToken")
  return credential
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

/** The key that signs for one day, region and service. */
export const signingKey = (credential: Credential, date: string, region: string, service: string): Buffer =>
  hmac(hmac(hmac(hmac(`AWS4${Redacted.value(credential.secretAccessKey)}`, date), region), service), "aws4_request")

export const sign = (key: Buffer, text: string): string => hmac(key, text).toString("hex")
