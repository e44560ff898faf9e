import type { Outcome, Refusal } from '../core/refusal.ts'
import type { RequestConfig } from './config.ts'

/** A JSON Schema of draft 2020-12 as parsed from configuration. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What requests to a route must look like: the parsed `request:` block. */
export type RequestSpec = RequestConfig

/** Why a schema cannot be used, and its place in the block. */
export interface SchemaProblem {
  /** Path within the `request:` block, such as `['body', 'properties', 'x', 'pattern']`. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** The result of compiling. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly SchemaProblem[] }

/** One thing that is wrong with a request. */
export interface RequestError {
  /** JSON pointer (RFC 6901) as a URI fragment: `#/body/position/x`, `#/query/limit`. */
  readonly pointer: string
  readonly message: string
  /** What the schema requires, if that can be said in a word or two. */
  readonly expected?: string
}

/** Reads one header by its lowercase name; a `Headers` object is one. */
export interface HeaderReader {
  get(name: string): string | null
}

/** The parts of a request that precede its body. */
export interface RequestHead {
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Query string without the question mark; empty if there is none. */
  readonly query: string
  readonly headers: HeaderReader
}

/** Checks requests to one route. Everything is synchronous. */
export interface RequestCheck {
  /** Whether any part of the head is checked; if not, {@link RequestCheck.head} need not be called. */
  readonly checksHead: boolean
  /** Whether the body must be read and checked; if not, it may be streamed through. */
  readonly checksBody: boolean
  /** How many bytes a body may have; its reader stops there. */
  readonly bodyBytesMax: number
  /** Checks path parameters, query and headers. */
  head(request: RequestHead): Refusal | undefined
  /** Checks only the content type, before the body is read; `null` means that there is none. */
  contentType(contentType: string | null): Refusal | undefined
  /**
   * Parses and checks a body. Pass the bytes as received: text decoded elsewhere hides invalid UTF-8. Pass an empty
   * body if there is none.
   *
   * @returns the parsed value; `undefined` for an empty body if none is required
   */
  body(body: Uint8Array | string, contentType: string | null): Outcome<unknown>
}
