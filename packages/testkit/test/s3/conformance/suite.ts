/**
 * What a server must do to be S3 for our purposes, asked with the official SDK. The same suite runs against the stand-in
 * and against a server that is not ours.
 */
import { layer } from "@effect/vitest"
import { type Layer } from "effect"
import { type Target } from "../target.ts"
import { type Abilities } from "./abilities.ts"
import { checksums } from "./checksums.ts"
import { listing } from "./listing.ts"
import { objects } from "./objects.ts"
import { signatures } from "./signatures.ts"
import { versions } from "./versions.ts"

/** Declares the suite for one server. */
export const conformance = <E>(name: string, target: Layer.Layer<Target, E>, abilities: Abilities): void => {
  layer(target, { timeout: "60 seconds" })(name, (it) => {
    objects(it)
    listing(it, abilities)
    versions(it, abilities)
    signatures(it, abilities)
    if (abilities.modernChecksums) checksums(it)
  })
}
