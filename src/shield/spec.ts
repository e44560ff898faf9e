import type { Outcome, Refusal } from '../core/refusal.ts'
import type { RequestConfig } from './config.ts'

/** A JSON Schema of draft 2020-12 as parsed from configuration. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What requests of a route must look like: the parsed `request:` block. */
export type RequestSpec = RequestConfig

/** Why a schema cannot be used, and where in the block it stands. */
export interface SchemaProblem {
  /** Path within the `request:` block, such as `['body', 'properties', 'x', 'pattern']`. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What compiling came to. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly SchemaProblem[] }

/** One thing wrong with a request. */
export interface RequestError {
  /** JSON pointer (RFC 6901) as a URI fragment: `#/body/position/x`, `#/query/limit`. */
  readonly pointer: string
  readonly message: string
  /** What the schema asks for, when that can be said in a word or two. */
  readonly expected?: string
}

/** Reads one header; `Headers` fits. Names are lowercase. */
export interface HeaderReader {
  get(name: string): string | null
}

/** The parts of a request that come before its body. */
export interface RequestHead {
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Query string without the question mark; empty when there is none. */
  readonly query: string
  readonly headers: HeaderReader
}

/** Checks requests of one route. All answers are synchronous. */
export interface RequestCheck {
  /** Whether anything of the head is checked; when not, {@link RequestCheck.head} need not be called. */
  readonly checksHead: boolean
  /** Whether the body must be read and checked; when not, it may be streamed through. */
  readonly checksBody: boolean
  /** Bytes a body may have; whoever reads it stops there. */
  readonly bodyBytesMax: number
  /** Path parameters, query and headers. */
  head(request: RequestHead): Refusal | undefined
  /** The content type alone, before the body is read. `null` when there is none. */
  contentType(contentType: string | null): Refusal | undefined
  /**
   * Parses and checks a body. Pass the bytes as they came: text decoded elsewhere hides invalid
   * UTF-8. Absent bodies are empty ones.
   *
   * @returns the parsed value; `undefined` for an empty body where none is required
   */
  body(body: Uint8Array | string, contentType: string | null): Outcome<unknown>
}
