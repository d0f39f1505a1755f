/** What can go wrong with a connection, whatever is said on it. */

/** The connection is reset and nothing is answered. */
export interface Reset {
  readonly _tag: "Reset"
}

/** The body stops: by a reset, or by a proper end of the connection although `Content-Length` promised more. */
export interface Cut {
  readonly _tag: "Cut"
  readonly how: "reset" | "end"
  /** Share of the body that is sent before, 0 to 1; half by default. */
  readonly at?: number
}

/** `Content-Length` is smaller (negative) or greater than the body: the body is cut there, or ends before. */
export interface WrongLength {
  readonly _tag: "WrongLength"
  readonly by: number
}

/** One byte of the body is another than it should be. */
export interface Corrupt {
  readonly _tag: "Corrupt"
  /** Where in the body, 0 to 1; the middle by default. */
  readonly at?: number
}

/** The answer waits, or its body trickles. */
export interface Slow {
  readonly _tag: "Slow"
  /** Milliseconds before the answer begins. */
  readonly latency?: number
  /** Most bytes of the body sent in a second. */
  readonly bytesPerSecond?: number
}

export type TransportFault = Reset | Cut | WrongLength | Corrupt | Slow

/** What is to go wrong with the transport of one answer. */
export interface Disruption {
  readonly latency: number
  readonly bytesPerSecond: number | undefined
  readonly reset: boolean
  readonly cut: { readonly how: "reset" | "end"; readonly at: number } | undefined
  /** Bytes by which `Content-Length` is wrong. */
  readonly lengthOff: number
  /** Where in the body a byte is wrong, 0 to 1. */
  readonly corruptAt: number | undefined
}

export const undisrupted: Disruption = {
  latency: 0,
  bytesPerSecond: undefined,
  reset: false,
  cut: undefined,
  lengthOff: 0,
  corruptAt: undefined
}

/** Adds a fault to those that came before it: waits and lengths add up, of all else the first counts. */
export const disrupted = (before: Disruption, fault: TransportFault): Disruption => {
  switch (fault._tag) {
    case "Reset":
      return { ...before, reset: true }
    case "Cut":
      return { ...before, cut: before.cut ?? { how: fault.how, at: fault.at ?? 0.5 } }
    case "WrongLength":
      return { ...before, lengthOff: before.lengthOff + fault.by }
    case "Corrupt":
      return { ...before, corruptAt: before.corruptAt ?? fault.at ?? 0.5 }
    case "Slow":
      return {
        ...before,
        latency: before.latency + (fault.latency ?? 0),
        bytesPerSecond: before.bytesPerSecond ?? fault.bytesPerSecond
      }
  }
}
