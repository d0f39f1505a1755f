/**
 * The JSON file that Google's console gives for a service account. Other files look like it and are often taken for it:
 * each is called by its name. Nothing of what it says is ever shown.
 */
import { Effect, Redacted, Result, Schema } from "effect"
import { createPrivateKey } from "node:crypto"
import { readFile } from "node:fs/promises"
import type { Credentials } from "../Credentials.ts"

/** Who a service account is, and what it signs with. */
export interface ServiceAccountKey {
  /** `sluice@project.iam.gserviceaccount.com` */
  readonly email: string
  /** PEM. */
  readonly privateKey: Redacted.Redacted
}

type Key = Extract<Credentials, { readonly _tag: "ServiceAccount" }>["key"]

const Content = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decode = Schema.decodeUnknownResult(Content)

const create =
  "create a JSON key in Google's console, under IAM & Admin > Service Accounts > Keys, and give the whole file"

/** Files that are something else. */
const mistaken = (content: Readonly<Record<string, unknown>>): string | undefined => {
  if ("installed" in content || "web" in content) {
    return "is an OAuth client, not a service account's key: sign in with it and use `Credentials.OAuth`, or " + create
  }
  switch (content["type"]) {
    case "authorized_user":
      return (
        "is what gcloud keeps of a user, not a service account's key: use `Credentials.ApplicationDefault`, or " +
        create
      )
    case "external_account":
    case "external_account_authorized_user":
    case "impersonated_service_account":
      return `is of type ${content["type"]}, not a service account's key: set GOOGLE_APPLICATION_CREDENTIALS to it and use \`Credentials.ApplicationDefault\``
    default:
      return undefined
  }
}

const isPrivateKey = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa"
  } catch {
    // The reason may quote what it could not read.
    return false
  }
}

/** The key in it, or what is wrong with it: the rest of a sentence that begins with what it is. */
export const parse = (text: string): Result.Result<ServiceAccountKey, string> => {
  const decoded = decode(text)
  if (Result.isFailure(decoded)) {
    return Result.fail(
      text.trimStart().startsWith("-----BEGIN")
        ? `is a PEM file, which does not say whose key it is: ${create}`
        : `is not JSON: ${create}`
    )
  }
  const { client_email: email, private_key: privateKey, ...rest } = decoded.success
  const other = mistaken(rest)
  if (other !== undefined) return Result.fail(other)
  if (typeof email !== "string" || email === "") return Result.fail(`has no \`client_email\`: ${create}`)
  if (typeof privateKey !== "string" || privateKey === "") return Result.fail(`has no \`private_key\`: ${create}`)
  if (!isPrivateKey(privateKey)) {
    return Result.fail(`has a \`private_key\` that is no RSA key in PEM: it was damaged on the way; ${create}`)
  }
  return Result.succeed({ email, privateKey: Redacted.make(privateKey) })
}

/** Reads a service account's key, or fails with a sentence about the field it was given in. */
export const load = (key: Key): Effect.Effect<ServiceAccountKey, string> => {
  if ("json" in key) {
    return Effect.mapError(
      Effect.fromResult(parse(Redacted.value(key.json))),
      (problem) => `\`credentials.key.json\` ${problem}`
    )
  }
  const { file } = key
  if (file === "") return Effect.fail("`credentials.key.file` is empty: name the file of a service account's key")
  return Effect.tryPromise({
    try: (signal) => readFile(file, { encoding: "utf8", signal }),
    catch: () => `\`credentials.key.file\`: ${file} cannot be read: check the path and its permissions`
  }).pipe(
    Effect.flatMap((text) =>
      Effect.mapError(Effect.fromResult(parse(text)), (problem) => `\`credentials.key.file\`: ${file} ${problem}`)
    )
  )
}
