/**
 * What is used of Google's client for Drive, by structure: `drive({ version: "v3" })` of `@googleapis/drive` is one, and
 * so is `google.drive({ version: "v3" })` of `googleapis`: the former from version 13 on and the latter from 150 on, whose
 * headers are `Headers`.
 */

/** What goes with each request. */
export interface RequestOptions {
  readonly signal: AbortSignal
  readonly headers: Record<string, string>
  readonly responseType: "json" | "stream"
  readonly redirect: "manual"
  readonly validateStatus: (status: number) => boolean
  readonly retry: false
  readonly retryConfig: { readonly shouldRetry: () => boolean }
  readonly http2: false
  readonly adapter?: Adapter
}

/** Sees a request before it leaves, and has `next` send it. */
export type Adapter = <Request extends { readonly headers: Headers }, Answer>(
  request: Request,
  next: (request: Request) => Answer
) => Answer

/** What comes back. */
export interface Response {
  readonly status: number
  /** By lower-case name, or `Headers`. */
  readonly headers: unknown
  readonly data: unknown
}

/**
 * Google's client for Drive, version 3. Parameters are those of Google's reference. Methods, and not functions in
 * properties: the client's own parameters are narrower.
 */
export interface DriveClient {
  readonly about: { get(params: object, options: RequestOptions): Promise<Response> }
  readonly changes: {
    list(params: object, options: RequestOptions): Promise<Response>
    getStartPageToken(params: object, options: RequestOptions): Promise<Response>
  }
  readonly drives: {
    get(params: object, options: RequestOptions): Promise<Response>
    list(params: object, options: RequestOptions): Promise<Response>
  }
  readonly files: {
    download(params: object, options: RequestOptions): Promise<Response>
    export(params: object, options: RequestOptions): Promise<Response>
    get(params: object, options: RequestOptions): Promise<Response>
    list(params: object, options: RequestOptions): Promise<Response>
    listLabels(params: object, options: RequestOptions): Promise<Response>
  }
  readonly operations: { get(params: object, options: RequestOptions): Promise<Response> }
  readonly permissions: { list(params: object, options: RequestOptions): Promise<Response> }
  readonly context: {
    readonly google?: { readonly _options: object } | undefined
    readonly _options: object
  }
}
