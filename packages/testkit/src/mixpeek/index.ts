export * as MixpeekStandIn from "./MixpeekStandIn.ts"
