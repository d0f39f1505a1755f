export * as Fault from "./Fault.ts"
export * as S3StandIn from "./S3StandIn.ts"
