import type { PlainAnswer } from './answer.ts'
import type { BodyError } from './http1/body-error.ts'
import { connectionOptions, isForThisHop } from './listed-fields.ts'

/** A part of a longer text, from `from` to before `to`. */
export interface TextSpan {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** The header fields of a request, with the semantics of the web's `Headers`: names in any case, values joined. */
export interface IncomingHeaders extends Iterable<[name: string, value: string]> {
  /** The value of a field; several of one name are joined by `, ` (RFC 9110 §5.3), cookies by `; `. */
  get(name: string): string | null
  /**
   * Where the value of a field stands, for callers that read it in place, without making a string of it.
   * `undefined` where that is not possible: then ask {@link IncomingHeaders.get}.
   *
   * @param name in lowercase
   */
  place?(name: string): TextSpan | undefined
  has(name: string): boolean
  /** Visits each field once, its name in lowercase. */
  forEach(visit: (value: string, name: string) => void): void
}

/**
 * A request as the gate sees it, whichever server received it: a web-standard one ({@link FetchRequest}) or one
 * read from a socket. Its parts are made only when asked for.
 */
export interface IncomingRequest {
  readonly method: string
  /** Path and query as they were sent (origin form, RFC 9112 §3.2.1): nothing decoded, nothing normalized. */
  readonly target: string
  readonly headers: IncomingHeaders
  /** The body, once all of it has arrived; `undefined` while it is arriving, and where there is none. */
  readonly arrived: Uint8Array | undefined
  /**
   * The body as UTF-8 text; synchronously when it has arrived already. Rejects when it breaks off. The body can be
   * read once, and in one way.
   */
  text(): string | Promise<string>
  /** The body as it arrives; `null` when there is none. */
  readonly body: ReadableStream<Uint8Array> | null
  /** Why the body did not arrive as it should, once that is known. */
  readonly bodyFailure?: BodyError | undefined
  /** Whether the client went away before its answer was complete; cheaper than {@link IncomingRequest.signal}. */
  readonly isGone: boolean
  /** Aborted when the client goes away before its answer is complete. */
  readonly signal: AbortSignal
  /**
   * Sends an interim answer (RFC 9110 §15.2), if the final one has not been sent and the client understands
   * interim answers. Absent where the server cannot send any.
   */
  interim?(answer: PlainAnswer): void
  /** The same as a web-standard `Request`, for programs that need one. */
  toRequest(): Request
}

/** Wraps a web-standard `Request`: from `Bun.serve`, from an embedding program, from a test. */
export class FetchRequest implements IncomingRequest {
  readonly method: string
  readonly headers: IncomingHeaders
  readonly arrived = undefined
  readonly interim?: (answer: PlainAnswer) => void
  readonly #request: Request

  /** @param interim sends interim answers, where something can. */
  constructor(request: Request, interim?: (answer: PlainAnswer) => void) {
    this.#request = withoutListed(request)
    this.method = request.method
    this.headers = this.#request.headers
    if (interim !== undefined) this.interim = interim
  }

  /** Empty when the URL has no path, as with a malformed Host; then no route is found. */
  get target(): string {
    const { url } = this.#request
    const pathAt = url.indexOf('/', url.indexOf(':') + 3)
    return pathAt === -1 ? '' : url.slice(pathAt)
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#request.body
  }

  get isGone(): boolean {
    return this.#request.signal.aborted
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  text(): Promise<string> {
    return this.#request.text()
  }

  toRequest(): Request {
    return this.#request
  }
}

/** The request without the fields that Connection declares to be for this hop only (RFC 9110 §7.6.1). */
function withoutListed(request: Request): Request {
  const connection = request.headers.get('connection')
  if (connection === null) return request
  const listed = connectionOptions(connection).filter(
    (name) => isForThisHop(name) && IS_NAME.test(name) && request.headers.has(name),
  )
  if (listed.length === 0) return request
  const headers = new Headers(request.headers)
  for (const name of listed) headers.delete(name)
  return new Request(request, { headers })
}

const IS_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
