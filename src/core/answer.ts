/** A header field: lowercase name and value. */
export type Field = readonly [name: string, value: string]

/** The body of an answer; `null` for none. */
export type AnswerBody = string | Uint8Array | ReadableStream<Uint8Array> | null

/** Fields already written as lines of a message. Whoever makes them vouches that no value breaks out of its line. */
export interface ReadyFields {
  /** Lowercase, in the order of the lines. */
  readonly names: readonly string[]
  /** `name: value`, each with its CRLF; names in any case. */
  readonly lines: string
}

/**
 * An answer in its plainest form: cheap to make and cheap to write to a socket. It is immutable, so the same
 * answer may serve many requests.
 *
 * The framing of the message (RFC 9112 §6) follows from the body and is not among the fields. The exception is
 * a Content-Length that the body cannot tell: the known length of a stream or, with a body of `null`, the
 * length that the answer to GET would have (RFC 9110 §8.6; HEAD and 304).
 */
export class PlainAnswer {
  readonly status: number
  readonly body: AnswerBody
  /** Fields that only this exchange gets; they replace {@link PlainAnswer.fields} of the same name. */
  readonly extra: Readonly<Record<string, string>> | undefined
  /**
   * Set on an answer that is given again and again, so that it pays to keep what is derived from it: the same
   * answer without {@link PlainAnswer.extra}.
   */
  readonly repeated: PlainAnswer | undefined
  #fields: readonly Field[] | undefined
  #ready: ReadyFields | undefined
  #extraLines: string | undefined

  constructor(
    status: number,
    fields: readonly Field[] | ReadyFields,
    body: AnswerBody,
    extra?: Readonly<Record<string, string>>,
    repeated?: PlainAnswer | true,
    extraLines?: string,
  ) {
    this.status = status
    this.body = body
    this.extra = extra
    this.repeated = repeated === true ? this : repeated
    const isReady = 'lines' in fields
    this.#fields = isReady ? undefined : fields
    this.#ready = isReady ? fields : undefined
    this.#extraLines = extraLines
  }

  /** An answer that will be given again and again. */
  static repeated(status: number, fields: readonly Field[], body: string | null): PlainAnswer {
    return new PlainAnswer(status, fields, body, undefined, true)
  }

  /** In the order they are sent. */
  get fields(): readonly Field[] {
    return (this.#fields ??= this.#ready === undefined ? [] : parseFields(this.#ready))
  }

  /**
   * The same answer with more fields.
   *
   * @param extraLines `extra` as {@link ReadyFields.lines}, where the caller has it ready.
   */
  with(extra: Readonly<Record<string, string>>, extraLines?: string): PlainAnswer {
    const all = this.extra === undefined ? extra : { ...this.extra, ...extra }
    const lines = all === extra ? extraLines : undefined
    const ready = this.#readied
    for (const name of ready.names) {
      if (!Object.hasOwn(all, name)) continue
      const kept = this.fields.filter(([key]) => !Object.hasOwn(all, key))
      return new PlainAnswer(this.status, kept, this.body, all, undefined, lines)
    }
    return new PlainAnswer(this.status, ready, this.body, all, this.repeated, lines)
  }

  /**
   * {@link PlainAnswer.fields} as lines of a message, each with its CRLF; built once. Throws a `TypeError` when a
   * value would break out of its line.
   */
  get lines(): string {
    return this.#readied.lines
  }

  /** The lines of {@link PlainAnswer.extra}. */
  get extraLines(): string {
    if (this.#extraLines !== undefined) return this.#extraLines
    let lines = ''
    if (this.extra !== undefined) {
      for (const name in this.extra) lines += fieldLine(name, this.extra[name]!)
    }
    return lines
  }

  /** The names of {@link PlainAnswer.fields}, in their order. */
  get names(): readonly string[] {
    return this.#readied.names
  }

  /** The value of a field, by its lowercase name; several are joined by `, `. */
  get(name: string): string | null {
    const own = this.extra?.[name]
    if (own !== undefined) return own
    if (this.#ready?.names.includes(name) === false) return null
    const values = this.fields.flatMap(([key, value]) => (key === name ? [value] : []))
    return values.length === 0 ? null : values.join(', ')
  }

  /** Whether there is a field of a lowercase name. */
  has(name: string): boolean {
    return this.get(name) !== null
  }

  get #readied(): ReadyFields {
    return (this.#ready ??= readyFields(this.#fields ?? []))
  }
}

function readyFields(fields: readonly Field[]): ReadyFields {
  const names: string[] = []
  let lines = ''
  for (const [name, value] of fields) {
    names.push(name)
    lines += fieldLine(name, value)
  }
  return { names, lines }
}

function parseFields({ names, lines }: ReadyFields): Field[] {
  const fields: Field[] = []
  let from = 0
  for (const name of names) {
    const end = lines.indexOf('\r\n', from)
    fields.push([name, lines.slice(from + name.length + 1, end).trim()])
    from = end + 2
  }
  return fields
}

/** The answer to a request. */
export type Answer = Response | PlainAnswer

const STATUS_MAX = 599
const BAD_GATEWAY = 502

/** The answer as a web-standard `Response`; 502 in place of a status above 599, which a `Response` cannot have. */
export function toResponse(answer: Answer): Response {
  if (answer instanceof Response) return answer
  const { status, fields, body, extra } = answer
  if (status > STATUS_MAX) {
    if (body instanceof ReadableStream) void body.cancel()
    return new Response(null, { status: BAD_GATEWAY })
  }
  const headers = new Headers()
  for (const [name, value] of fields) headers.append(name, value)
  if (extra !== undefined) for (const name in extra) headers.set(name, extra[name]!)
  return new Response(body as BodyInit | null, { status, headers })
}

/** Includes everything beyond Latin-1: truncated to one byte, U+010A would become a line feed. */
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

function fieldLine(name: string, value: string): string {
  if (FORBIDDEN_IN_VALUE.test(value)) {
    throw new TypeError(
      `the value of ${name} contains a character that is not allowed in a field value`,
    )
  }
  return `${name}: ${value}\r\n`
}
