import { assert, it } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { bucket, client, confirm, createUpload } from "./session.ts"

const chunk = new Uint8Array(1024 * 1024).fill(7)
const size = 2 ** 31 + 1

it.live(
  "a PUT of 2 GiB and a byte takes no memory to speak of",
  () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const { presigned_url, upload_id } = yield* createUpload(standIn, { file_size_bytes: size })
      const body = Stream.concat(
        Stream.flatMap(Stream.range(1, 2048), () => Stream.succeed(chunk)),
        Stream.succeed(chunk.subarray(0, 1))
      )
      const before = process.memoryUsage().rss
      const request = HttpClientRequest.put(presigned_url ?? "").pipe(
        HttpClientRequest.bodyStream(body, { contentType: "text/plain", contentLength: size })
      )
      const response = yield* (yield* HttpClient.HttpClient).execute(request)
      assert.strictEqual(response.status, 200)
      assert.isBelow(process.memoryUsage().rss - before, 300 * 2 ** 20)
      const [upload] = yield* standIn.uploads("bkt_files")
      assert.strictEqual(upload?.file?.size, size)
      const confirmed = yield* confirm(standIn, upload_id, { file_size_bytes: size })
      assert.include(confirmed.text, "PROCESSING")
    }).pipe(Effect.scoped, Effect.provide(client)),
  120_000
)
