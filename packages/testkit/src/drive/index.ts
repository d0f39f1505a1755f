export * as DriveStandIn from "./DriveStandIn.ts"
export * as Edits from "./Edits.ts"
export * as Fault from "./Fault.ts"
