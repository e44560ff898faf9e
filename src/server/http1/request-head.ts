import type { IncomingHeaders, TextSpan } from '../../core/incoming-request.ts'

/** Stands for the length of a body in the chunked transfer coding (RFC 9112 §7.1). */
export const CHUNKED = -1

/** What the head of a request says. */
export interface HeadFacts {
  readonly method: string
  /** Path and query as sent; `*` only with OPTIONS. */
  readonly target: string
  /** Whether the version is HTTP/1.1; otherwise it is HTTP/1.0. */
  readonly isCurrent: boolean
  /** Names of fields: lowercase, each once. */
  readonly names: readonly string[]
  readonly values: readonly string[]
  /** Bytes of the body, or {@link CHUNKED}. */
  readonly bodyBytes: number
  /** Whether the client wants to send more requests on its connection. */
  readonly keepsAlive: boolean
  /** Whether it waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /** Whether it asks for a WebSocket (RFC 6455 §4.1). */
  readonly wantsWebSocket: boolean
}

/** The one field whose value differs from the shared facts, and where its value stands. */
export interface ChangedField extends TextSpan {
  /** Its index among the fields. */
  readonly at: number
}

/**
 * The head of a request, which is unambiguous. It shares its facts with the previous head if the client sends the same
 * again except for one field.
 */
export class RequestHead implements IncomingHeaders {
  /** Bytes of the head, from where reading began through the empty line. */
  readonly bytes: number
  private readonly shared: HeadFacts
  private readonly changed: ChangedField | undefined

  constructor(facts: HeadFacts, bytes: number, changed?: ChangedField) {
    this.bytes = bytes
    this.shared = facts
    this.changed = changed
  }

  get method(): string {
    return this.shared.method
  }

  get target(): string {
    return this.shared.target
  }

  get isCurrent(): boolean {
    return this.shared.isCurrent
  }

  get bodyBytes(): number {
    return this.shared.bodyBytes
  }

  get keepsAlive(): boolean {
    return this.shared.keepsAlive
  }

  get expectsContinue(): boolean {
    return this.shared.expectsContinue
  }

  get wantsWebSocket(): boolean {
    return this.shared.wantsWebSocket
  }

  /** Everything that it says, for deriving another head from it. */
  get facts(): HeadFacts {
    const { shared, changed } = this
    if (changed === undefined) return shared
    return { ...shared, values: shared.values.with(changed.at, this.value(changed.at)) }
  }

  get(name: string): string | null {
    const { names } = this.shared
    for (let at = 0; at < names.length; at++) if (names[at] === name) return this.value(at)
    const lower = name.toLowerCase()
    return lower === name ? null : this.get(lower)
  }

  place(name: string): TextSpan | undefined {
    const { changed } = this
    return changed !== undefined && this.shared.names[changed.at] === name ? changed : undefined
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  forEach(visit: (value: string, name: string) => void): void {
    const { names } = this.shared
    for (let at = 0; at < names.length; at++) visit(this.value(at), names[at]!)
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (const [at, name] of this.shared.names.entries()) yield [name, this.value(at)]
  }

  private value(at: number): string {
    const { changed } = this
    if (changed === undefined || changed.at !== at) return this.shared.values[at]!
    return changed.text.slice(changed.from, changed.to)
  }
}
