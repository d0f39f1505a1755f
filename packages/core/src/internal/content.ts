/**
 * A file's content, made when it is asked for.
 */
import { Channel, type Context, Effect, Option, type Pull, Stream } from "effect"
import type { Content } from "../Sink.ts"
import type { Link, Source, SourceError } from "../Source.ts"
import type { SourceFile } from "../SourceFile.ts"
import * as Garbage from "./garbage.ts"

/** A source with what it needs. */
interface Provided<R> {
  readonly source: Source<R>
  /** What it needs takes the place of what is there: `provideContext` copies both, for each file and each of its pulls. */
  readonly within: <A, E>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E>
  readonly link: (link: Link<R>) => Option.Option<Link>
}

const passing = <A extends ReadonlyArray<Uint8Array>>(chunks: A): A => {
  for (const { length } of chunks) Garbage.pass(length)
  return chunks
}

const provideBytes = <R>(
  { within }: Provided<R>,
  { channel }: Stream.Stream<Uint8Array, SourceError, R>
): Stream.Stream<Uint8Array, SourceError> =>
  Stream.fromChannel(
    Channel.fromTransform((_: Pull.Pull<unknown, unknown, unknown>, scope) =>
      within(Effect.map(Channel.toPullScoped(channel, scope), (pull) => within(Effect.map(pull, passing))))
    )
  )

/** There is one for each of millions of files, and few are read here: streams and links are made by the getters. */
class FileContent<R> implements Content {
  readonly #of: Provided<R>
  readonly #file: SourceFile
  #link: Option.Option<Link> | undefined

  constructor(of: Provided<R>, file: SourceFile) {
    this.#of = of
    this.#file = file
  }

  get bytes() {
    return provideBytes(this.#of, this.#of.source.read(this.#file))
  }

  get comparable() {
    const found = this.#of.source.comparable?.(this.#file)
    return found && { md5: found.md5, bytes: provideBytes(this.#of, found.bytes) }
  }

  of(file: SourceFile): Content {
    return new FileContent(this.#of, file)
  }

  get link() {
    this.#link ??= Option.flatMap(this.#of.source.link(this.#file), this.#of.link)
    return this.#link
  }
}

const provide = <R>({ presigned, presignedAll, ...link }: Link<R>, context: Context.Context<R>): Link => ({
  ...link,
  presigned: (of, expiresIn) => Effect.provideContext(presigned(of, expiresIn), context),
  presignedAll:
    presignedAll === undefined
      ? undefined
      : (files, expiresIn) => Effect.provideContext(presignedAll(files, expiresIn), context)
})

/** Contents of a source's files. */
export const make = <R>(source: Source<R>, context: Context.Context<R>): ((file: SourceFile) => Content) => {
  // As a rule, a source has one link for all of its files.
  let last: { readonly link: Link<R>; readonly provided: Option.Option<Link> } | undefined
  const of: Provided<R> = {
    source,
    within: Effect.updateContext(() => context),
    link: (link) => {
      if (last?.link !== link) last = { link, provided: Option.some(provide(link, context)) }
      return last.provided
    }
  }
  return (file) => new FileContent(of, file)
}
