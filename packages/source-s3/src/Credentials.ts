/**
 * Where the keys come from.
 */
import type { S3ClientConfig } from "@aws-sdk/client-s3"
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers"
import { Data, Redacted } from "effect"

/**
 * - `Default`: what the AWS SDK finds by itself: `AWS_*` variables, profiles, SSO, web identity, container and instance
 *   roles, in its order.
 * - `Static`: a key pair, with a session token where it is temporary (then it is not refreshed).
 * - `Profile`: a profile of the shared AWS files; its region counts too.
 * - `AssumeRole`: a role, by way of `from` (the SDK's default where left out). Refreshed before it expires.
 * - `Anonymous`: requests are not signed; for public buckets.
 */
export type Credentials = Data.TaggedEnum<{
  Default: {}
  Static: {
    readonly accessKeyId: string
    readonly secretAccessKey: Redacted.Redacted
    readonly sessionToken?: Redacted.Redacted | undefined
  }
  Profile: { readonly profile: string }
  AssumeRole: {
    readonly roleArn: string
    /** What the role's owner asks for, so that nobody else can make you assume it. */
    readonly externalId?: string | undefined
    /** Shown in the owner's CloudTrail. */
    readonly sessionName?: string | undefined
    /** STS endpoint, for VPC endpoints and compatible servers. */
    readonly stsEndpoint?: string | undefined
    readonly from?: Credentials | undefined
  }
  Anonymous: {}
}>

export const {
  Default,
  Static,
  Profile,
  AssumeRole,
  Anonymous,
  $is: is,
  $match: match
} = Data.taggedEnum<Credentials>()

/** The part of the client's configuration that says who is asking. */
export const toClientConfig = (
  credentials: Credentials,
  region: () => Promise<string>
): Pick<S3ClientConfig, "credentials" | "profile" | "signer"> => {
  switch (credentials._tag) {
    case "Default":
      return {}
    case "Static":
      return {
        credentials: {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: Redacted.value(credentials.secretAccessKey),
          ...(credentials.sessionToken === undefined ? {} : { sessionToken: Redacted.value(credentials.sessionToken) })
        }
      }
    case "Profile":
      return { profile: credentials.profile }
    case "Anonymous":
      return {
        credentials: { accessKeyId: "", secretAccessKey: "" },
        signer: { sign: (request) => Promise.resolve(request) }
      }
    case "AssumeRole": {
      const { credentials: masterCredentials, profile } = toClientConfig(credentials.from ?? Default(), region)
      return {
        credentials: fromTemporaryCredentials({
          params: {
            RoleArn: credentials.roleArn,
            RoleSessionName: credentials.sessionName ?? "sluice",
            ...(credentials.externalId === undefined ? {} : { ExternalId: credentials.externalId })
          },
          ...(masterCredentials === undefined ? {} : { masterCredentials }),
          clientConfig: {
            region,
            ...(profile === undefined ? {} : { profile }),
            ...(credentials.stsEndpoint === undefined ? {} : { endpoint: credentials.stsEndpoint })
          }
        })
      }
    }
  }
}
