/**
 * S3's times.
 */

/** They have no fractions of a second. */
export const wholeSeconds = (millis: number): number => Math.floor(millis / 1000) * 1000
