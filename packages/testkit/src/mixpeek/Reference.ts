/**
 * Links in `data`, fetched as the API would.
 */
import { Effect, Result, Stream } from "effect"
import { HttpClientRequest } from "effect/http"
import { createHash } from "node:crypto"
import type { Content } from "./Content.ts"
import type { State } from "./State.ts"

const unreachable = (message: string) =>
  Result.fail({ message: `URL is not reachable: ${message}`, type: "URLValidationError" })

/** Only http and https can be fetched; an `s3:` address is taken as it is. */
export const get = Effect.fnUntraced(
  function* (state: State, url: string, method: "HEAD" | "GET") {
    const reference: Content = { form: "reference", url }
    if (!/^https?:/i.test(url)) return Result.succeed(reference)
    const response = yield* state.client.execute(HttpClientRequest.make(method)(url))
    if (response.status >= 300) {
      yield* Effect.ignore(Stream.runDrain(response.stream))
      return unreachable(String(response.status))
    }
    const mimeType = response.headers["content-type"]
    const known = mimeType === undefined ? reference : { ...reference, mimeType }
    if (method === "HEAD") return Result.succeed(known)
    const sha256 = createHash("sha256")
    const kept: Array<Uint8Array> = []
    let size = 0
    yield* Stream.runForEach(response.stream, (chunk) =>
      Effect.sync(() => {
        sha256.update(chunk)
        if (size < state.keepContent) kept.push(chunk.slice(0, state.keepContent - size))
        size += chunk.byteLength
      })
    )
    return Result.succeed({ ...known, size, sha256: sha256.digest("hex"), bytes: new Uint8Array(Buffer.concat(kept)) })
  },
  Effect.catchTag("HttpClientError", (error) => Effect.succeed(unreachable(error.reason._tag)))
)
