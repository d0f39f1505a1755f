/** What all contenders keep to. */

/** Requests with objects at a time. */
export const concurrency = 8
/** Files at a time, where they are read. */
export const concurrencyOfFiles = 32
