/** Sluice's client of Drive on the server of a benchmark, and how many requests it makes. */
import { Observer, type Source } from "@sluice/core"
import { Credentials, Drive } from "@sluice/source-gdrive"
import { Effect, type Layer, Redacted } from "effect"
import type { Addresses } from "../servers/main.ts"

export const drive = ({ drive: { key, tokenUrl, url } }: Addresses): Layer.Layer<Drive, Source.SourceError> =>
  Drive.layer({
    endpoint: url,
    tokenEndpoint: tokenUrl,
    credentials: Credentials.ServiceAccount({ key: { json: Redacted.make(key) } }),
    // A rate that never holds anything back.
    queriesPerMinute: 10_000_000,
    burst: 1_000_000
  })

export const counted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    let requests = 0
    const observer: Observer.Observer = { ...Observer.silent, request: () => requests++ }
    return effect.pipe(
      Effect.provideService(Observer.Observer, observer),
      Effect.map((value) => ({ value, requests }))
    )
  })
