export * as DriveStandIn from "./DriveStandIn.ts"
export * as Fault from "./Fault.ts"
