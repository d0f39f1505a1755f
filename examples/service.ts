/**
 * A pipeline embedded in an HTTP service on loopback.
 *
 * - `POST /run` starts a run; 409 while one goes on, 422 with the findings when it is refused.
 * - `GET /run` where it stands; `GET /run/progress` its events as newline-delimited JSON, to the end.
 * - `DELETE /run` stops it and answers with its report.
 *
 * SIGTERM ends the service after a run that goes on has settled what it sent.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Ledger, Pipeline, Progress, Report, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Context, Effect, Layer, Logger, Schema, Scope, Semaphore, Stream } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

const reportResponse = HttpServerResponse.schemaJson(Report.Report)
const encodeEvent = Schema.encodeEffect(Schema.fromJsonString(Progress.Event))
const message = (status: number, text: string) => HttpServerResponse.json({ message: text }, { status })

/** The run that goes on, or went last. It belongs to the service: when that ends, the run is stopped. */
class Runs extends Context.Service<
  Runs,
  {
    readonly start: Effect.Effect<Pipeline.Run | undefined, Pipeline.PipelineError>
    readonly current: Effect.Effect<Pipeline.Run | undefined>
  }
>()("@sluice/examples/Runs") {
  static readonly layer = Layer.effect(
    Runs,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const context = yield* Effect.context<S3 | Mixpeek | Ledger.Ledger>()
      const pipeline = Pipeline.make({
        name: "service",
        source: S3Source.make({ bucket: yield* Config.String("S3_BUCKET") }),
        map: MixpeekObject.fromFile({ property: "text", otherwise: "skip" }),
        sink: MixpeekSink.make({ bucket: yield* Config.String("MIXPEEK_BUCKET") })
      })
      const oneAtATime = yield* Semaphore.make(1)
      let run: Pipeline.Run | undefined
      let going = false
      const start = Effect.gen(function* () {
        if (going) return undefined
        const started = yield* Pipeline.start(pipeline)
        going = true
        run = started
        yield* Effect.forkDetach(
          Effect.ensuring(
            Effect.exit(started.result),
            Effect.sync(() => (going = false))
          )
        )
        return started
      }).pipe(Effect.provideContext(context), Effect.provideService(Scope.Scope, scope), oneAtATime.withPermits(1))
      return Runs.of({ start, current: Effect.sync(() => run) })
    })
  )
}

/** Answers with the run there is, or that there is none. */
const withRun = <E>(answer: (run: Pipeline.Run) => Effect.Effect<HttpServerResponse.HttpServerResponse, E>) =>
  Effect.gen(function* () {
    const run = yield* (yield* Runs).current
    return run === undefined ? yield* message(404, "no run yet: POST /run starts one") : yield* answer(run)
  })

const routes = Layer.mergeAll(
  HttpRouter.add(
    "POST",
    "/run",
    Effect.gen(function* () {
      const run = yield* (yield* Runs).start
      if (run === undefined) return yield* message(409, "a run goes on: DELETE /run stops it")
      return yield* HttpServerResponse.json({ id: run.id }, { status: 202 })
    }).pipe(Effect.catchTag("PipelineError", (error) => message(422, error.message)))
  ),
  HttpRouter.add(
    "GET",
    "/run",
    withRun((run) => Effect.flatMap(run.snapshot, (snapshot) => HttpServerResponse.json(snapshot)))
  ),
  HttpRouter.add(
    "GET",
    "/run/progress",
    withRun((run) =>
      Effect.succeed(
        HttpServerResponse.stream(
          run.progress.pipe(
            Stream.mapEffect((event) => encodeEvent(event)),
            Stream.map((line) => `${line}\n`),
            Stream.encodeText
          ),
          { contentType: "application/x-ndjson" }
        )
      )
    )
  ),
  HttpRouter.add(
    "DELETE",
    "/run",
    withRun((run) => Effect.flatMap(run.stop, (report) => reportResponse(report))).pipe(
      Effect.catchTag("PipelineError", (error) => message(500, error.message))
    )
  )
)

const Live = Layer.mergeAll(S3.layerConfig(), Mixpeek.layerConfig(), Ledger.layerMemory).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

const Server = Layer.unwrap(
  Effect.map(Config.withDefault(Config.Int("PORT"), 0), (port) =>
    NodeHttpServer.layer(createServer, { host: "127.0.0.1", port })
  )
)

HttpRouter.serve(routes).pipe(
  Layer.provide(Runs.layer),
  Layer.provide([Live, Server]),
  Layer.launch,
  Effect.provideService(Logger.LogToStderr, true),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
