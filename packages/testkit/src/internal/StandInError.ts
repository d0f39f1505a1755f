import { Schema } from "effect"

/** The stand-in could not do what the test asked for; `message` says what and why. */
export class StandInError extends Schema.TaggedError<StandInError>()("StandInError", {
  operation: Schema.String,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}
