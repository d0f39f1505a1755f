/**
 * A Google Drive of one's own: a real HTTP server on loopback that speaks OAuth and Drive's API v3, holds its answers
 * against Google's own description where that is at hand, and fails on command. Nothing is kept on disk.
 */
import { Config, Effect, Redacted, type Scope } from "effect"
import type { FaultControls } from "../internal/faultRules.ts"
import { listen } from "../internal/listen.ts"
import { makeRequestLog, type RequestViews } from "../internal/requestLog.ts"
import type { Fault } from "./Fault.ts"
import type { Expiry } from "./internal/changeLog.ts"
import { defaultPath, makeDescription } from "./internal/description.ts"
import * as Editing from "./internal/editing.ts"
import { type Issuer, keyFile } from "./internal/oauth.ts"
import type { Operation } from "./internal/operation.ts"
import type { Reason } from "./internal/refusal.ts"
import { makeServer, type RequestInfo, type RequestLogEntry } from "./internal/server.ts"
import { logOf, makeStore } from "./internal/store.ts"
import { makeStriking } from "./internal/striking.ts"
import { makeTree } from "./internal/tree.ts"
import { StandInError, type Tree } from "./Tree.ts"

export type { Operation, Reason, RequestInfo, RequestLogEntry }
export {
  type Content,
  type ItemView,
  type NewFile,
  type NewPermission,
  type Role,
  type SeededItem,
  type SeededKind,
  type SeedOptions,
  StandInError,
  type Tree
} from "./Tree.ts"

/** How a stand-in is made. */
export interface Options {
  /** A free port by default. */
  readonly port?: number
  /** Decides all ids and all computed content; 1 by default. */
  readonly seed?: string | number
  /** The people of the domain, by the part of their address before the `@`; ada, bob and cy by default. */
  readonly people?: ReadonlyArray<string>
  /** `example.com` by default. */
  readonly domain?: string
  /** Addresses of groups, and of their members; none by default. */
  readonly groups?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Domain-wide delegation: the service account may act for anybody of the domain. Off by default. */
  readonly delegation?: boolean
  /** Scopes the person consented to; `drive.readonly` by default. */
  readonly scopes?: ReadonlyArray<string>
  /** Seconds a token is good for; 3,600 by default. */
  readonly tokenLifetime?: number
  /**
   * Whether a change of a folder writes change entries for what is in it as well. `none` by default: the folder alone,
   * which is all that a client can rely on.
   */
  readonly descendantEntries?: "none" | "each"
  /** Whether Google's own documents have a `size`; they came to have one lately. False by default. */
  readonly documentSize?: boolean
  /** How often `operations.get` answers that a download is not done; once by default. */
  readonly downloadPolls?: number
  /** Whether `files.download` gives ranges; true by default. */
  readonly partialDownloads?: boolean
  /** Path of Google's discovery document of Drive v3; see {@link DriveStandIn.validated}. */
  readonly description?: string
  /** Compares one in so many answers with the description; each by default. */
  readonly validateEvery?: number
  /** How many requests the log keeps, the latest; 10,000 by default. */
  readonly logCapacity?: number
  /**
   * The clock, in milliseconds since 1970; that of the machine by default. Assertions are checked by the machine's all the
   * same, since clients sign by it.
   */
  readonly now?: () => number
}

/** A running stand-in. */
export interface DriveStandIn extends Tree, RequestViews<Operation, RequestLogEntry> {
  /** `http://127.0.0.1:<port>`: the `rootUrl` of the official client. Drive is at `/drive/v3`. */
  readonly url: string
  /** Takes the place of `https://oauth2.googleapis.com/token`, which the official client has built in. */
  readonly tokenUrl: string
  readonly domain: string
  /** A service account, with its key file as the Cloud Console hands it out. */
  readonly serviceAccount: { readonly clientEmail: string; readonly keyJson: Redacted.Redacted }
  /** A person who gave their consent to an application. */
  readonly oauth: {
    readonly clientId: string
    readonly clientSecret: Redacted.Redacted
    readonly refreshToken: Redacted.Redacted
    /** Their address. */
    readonly account: string
  }
  /** Addresses of all accounts, the service account last. */
  readonly accounts: ReadonlyArray<string>
  readonly faults: FaultControls<Fault>
  /** Runs before each request is looked at, faults included, in place of what was set before. */
  readonly beforeRequest: (hook: (request: RequestInfo) => Effect.Effect<void>) => Effect.Effect<void>
  /** Sets the clock of the stand-in ahead (or, negative, back) by so many milliseconds: tokens expire. */
  readonly shiftClock: (millis: number) => Effect.Effect<void>
  /** Lets all change tokens given so far expire: 410 by default, or 400. */
  readonly expireChanges: (status?: Expiry) => Effect.Effect<void>
  /**
   * Whether answers are compared with Google's description: it was found at `description`, where
   * `GOOGLE_DRIVE_DESCRIPTION` says, or beside the checkout.
   */
  readonly validated: boolean
  /** Answers that broke the description, and parameters it does not know. The former are mistakes of the stand-in's. */
  readonly violations: Effect.Effect<ReadonlyArray<string>>
}

const descriptionPath = Config.String("GOOGLE_DRIVE_DESCRIPTION").pipe(Config.withDefault(defaultPath))

const describe = Effect.fnUntraced(function* ({ description, validateEvery = 1 }: Options) {
  const path = description ?? (yield* Effect.orElseSucceed(descriptionPath, () => defaultPath))
  return yield* Effect.try({
    try: () => makeDescription(path, validateEvery),
    catch: (cause) =>
      new StandInError({ operation: "description", message: `${path} is no discovery document of Drive v3`, cause })
  })
})

/** Starts a stand-in; it is stopped, and its connections are closed, with the scope. */
export const make = (options: Options = {}): Effect.Effect<DriveStandIn, StandInError, Scope.Scope> =>
  Effect.gen(function* () {
    const domain = options.domain ?? "example.com"
    const people = (options.people ?? ["ada", "bob", "cy"]).map((name) => `${name}@${domain}`)
    const [owner] = people
    if (owner === undefined) {
      return yield* new StandInError({ operation: "make", message: "there must be one person at least" })
    }
    const clock = options.now ?? Date.now
    let shift = 0
    const now = () => clock() + shift
    const clientEmail = "sluice@stand-in.iam.gserviceaccount.com"
    const store = makeStore({
      seed: String(options.seed ?? 1),
      domain,
      people,
      serviceAccount: clientEmail,
      groups: options.groups ?? {},
      descendantEntries: options.descendantEntries ?? "none",
      now: now()
    })
    const issuer: Issuer = {
      store,
      tokens: new Map(),
      serviceAccount: clientEmail,
      delegation: options.delegation ?? false,
      client: {
        id: "123456789012-standin.apps.googleusercontent.com",
        secret: Redacted.make("GOCSPX-stand-in-secret"),
        refreshToken: Redacted.make("1//0stand-in-refresh-token"),
        account: owner,
        scopes: options.scopes ?? ["https://www.googleapis.com/auth/drive.readonly"]
      },
      lifetime: options.tokenLifetime ?? 3_600
    }
    const description = yield* describe(options)
    const striking = makeStriking()
    const log = makeRequestLog<Operation, RequestLogEntry>(options.logCapacity ?? 10_000)
    let number = 0
    let before: (request: RequestInfo) => Effect.Effect<void> = () => Effect.void
    let url = ""

    const server = makeServer({
      store,
      issuer,
      downloads: { started: new Map(), polls: options.downloadPolls ?? 1, partial: options.partialDownloads ?? true },
      striking,
      description,
      documentSize: options.documentSize ?? false,
      now,
      nextNumber: () => ++number,
      before: (request) => before(request),
      move: (file, to) => Editing.move(store, Editing.itemOf(store, file), [to], now()),
      url: () => url,
      log: log.add
    })
    url = yield* listen(server, options.port)

    return {
      ...makeTree(store, owner, now),
      url,
      tokenUrl: `${url}/token`,
      domain,
      serviceAccount: { clientEmail, keyJson: keyFile(clientEmail) },
      oauth: {
        clientId: issuer.client.id,
        clientSecret: issuer.client.secret,
        refreshToken: issuer.client.refreshToken,
        account: owner
      },
      accounts: [...store.accounts.keys()],
      faults: striking.controls,
      beforeRequest: (hook) =>
        Effect.sync(() => {
          before = hook
        }),
      shiftClock: (millis) =>
        Effect.sync(() => {
          shift = millis
        }),
      expireChanges: (status = 410) =>
        Effect.sync(() => {
          for (const owner of [...store.accounts.keys(), ...store.drives.keys()]) logOf(store, owner).expire(status)
        }),
      ...log.views,
      forgetRequests: Effect.andThen(
        log.views.forgetRequests,
        Effect.sync(() => {
          number = 0
        })
      ),
      validated: description !== undefined,
      violations: Effect.sync(() => [...(description?.violations ?? [])])
    }
  })
