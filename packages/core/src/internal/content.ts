/**
 * A file's content, made when it is asked for.
 */
import { type Context, type Duration, Effect, Option, Stream } from "effect"
import type { Content } from "../Sink.ts"
import type { Source } from "../Source.ts"
import type { SourceFile } from "../SourceFile.ts"

/** There is one for each of millions of files, and few are read here: streams and links are made by the getters. */
export class FileContent<R> implements Content {
  readonly #source: Source<R>
  readonly #file: SourceFile
  readonly #context: Context.Context<R>

  constructor(source: Source<R>, file: SourceFile, context: Context.Context<R>) {
    this.#source = source
    this.#file = file
    this.#context = context
  }

  get bytes() {
    return Stream.provideContext(this.#source.read(this.#file), this.#context)
  }

  of(file: SourceFile): Content {
    return new FileContent(this.#source, file, this.#context)
  }

  get link() {
    return Option.map(this.#source.link(this.#file), (link) => ({
      isPublic: link.isPublic,
      address: link.address,
      presigned: (of: SourceFile, expiresIn: Duration.Duration) =>
        Effect.provideContext(link.presigned(of, expiresIn), this.#context)
    }))
  }
}
