/**
 * What is answered: a status, a JSON body and headers; and the API's envelopes for what went wrong.
 */
export interface Answer {
  readonly status: number
  /** No body where undefined. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A complaint about a part of a request. */
export interface Complaint {
  readonly location: ReadonlyArray<string | number>
  readonly message: string
  readonly type: string
}

export const ok = (body: unknown): Answer => ({ status: 200, body })

export const noContent: Answer = { status: 204, body: undefined }

/** The error envelope: `{success, status, error: {message, type, details}}`. */
export const failure = (
  status: number,
  type: string,
  message: string,
  details: Readonly<Record<string, unknown>> | null = null
): Answer => ({ status, body: { success: false, status, error: { message, type, details } } })

export const badRequest = (message: string) => failure(400, "BadRequestError", message)
export const unauthorized = (message: string) => failure(401, "UnauthorizedError", message)
export const forbidden = (message: string) => failure(403, "ForbiddenError", message)
export const notFound = (message: string) => failure(404, "NotFoundError", message)
export const alreadyExists = (message: string) => failure(409, "AlreadyExistsError", message)
export const tooLarge = (message: string) => failure(413, "PayloadTooLargeError", message)

/** 422 as FastAPI writes it, `detail[].loc`. */
export const unprocessable = (complaints: ReadonlyArray<Complaint>): Answer => ({
  status: 422,
  body: { detail: complaints.map(({ location, message, type }) => ({ loc: location, msg: message, type })) }
})

/** 422 as the guides write it, the envelope with `validation_errors[].location`. */
export const unprocessableEnvelope = (complaints: ReadonlyArray<Complaint>): Answer =>
  failure(422, "ValidationError", "Request validation failed", {
    validation_errors: complaints.map(({ location, message, type }) => ({ type, location, message }))
  })
