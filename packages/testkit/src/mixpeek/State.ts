/**
 * All the stand-in knows while it runs.
 */
import type { Clock } from "effect"
import type { HttpClient } from "effect/http"
import type { Processed, StoredBatch } from "./BatchState.ts"
import type { BucketState } from "./BucketState.ts"
import type { Description } from "./Description.ts"
import type { StoredDocument } from "./Documents.ts"
import type { Faults } from "./Faults.ts"
import type { Journal } from "./Journal.ts"
import type { Limiter } from "./Limits.ts"
import type { Settings } from "./Settings.ts"
import type { StoredFile } from "./Storage.ts"
import type { Task } from "./Tasks.ts"
import type { StoredUpload } from "./UploadState.ts"
import type { Waits } from "./Waits.ts"

export interface State {
  settings: Settings
  /** The URL it listens at; empty until then. */
  origin: string
  readonly seed: string | number
  readonly namespace: string
  /** Bytes kept of each blob's content. */
  readonly keepContent: number
  /** Dot paths at which an object's source key may stand. */
  readonly sourceKeys: ReadonlyArray<string>
  readonly buckets: ReadonlyMap<string, BucketState>
  /** By id; in the order in which they were made. */
  readonly documents: Map<string, StoredDocument>
  /** By id; in the order of creation. */
  readonly uploads: Map<string, StoredUpload>
  /** By the storage's key. */
  readonly files: Map<string, StoredFile>
  /** By id; in the order of creation. */
  readonly batches: Map<string, StoredBatch>
  /** By id of the object. */
  readonly processed: Map<string, Processed>
  readonly tasks: Map<string, Task>
  /** Ids of the tasks that are not over. */
  readonly running: Set<string>
  readonly description: Description
  readonly journal: Journal
  readonly limiter: Limiter
  readonly faults: Faults
  readonly waits: Waits
  readonly clock: Clock.Clock
  readonly client: HttpClient.HttpClient
  /** The next number in [0, 1) of the seeded sequence. */
  readonly draw: () => number
  /** A new id such as `obj_…`, unique in this stand-in. */
  readonly newId: (prefix: string) => string
}
