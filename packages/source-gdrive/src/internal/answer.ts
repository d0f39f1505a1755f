/** Reads answers in JSON. */
import { Effect, type Schema, SchemaIssue } from "effect"
import type { Response } from "../DriveClient.ts"
import { DriveError, type Target } from "../DriveError.ts"
import { misconfigured } from "./verdict.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where in the answer it is: `files[3].size`. What is there is not shown. */
const place = (error: Schema.SchemaError): string =>
  (format(error.issue).issues[0]?.path ?? [])
    .map((step) => (typeof step === "object" ? step.key : step))
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .slice(1)

/** Fails where the answer is not what Google's reference says. */
export const decodeAs =
  <A>(target: Target, decode: (answer: unknown) => Effect.Effect<A, Schema.SchemaError>) =>
  (response: Response): Effect.Effect<A, DriveError> =>
    Effect.mapError(decode(response.data), (error) => {
      const at = place(error)
      return new DriveError({
        operation: target.operation,
        said: "unexpected-answer",
        status: response.status,
        ...misconfigured(
          `the server answers something that is not Google Drive's${at === "" ? "" : ` (at ${at})`}: check \`endpoint\`, and what stands in between`
        )
      })
    })
