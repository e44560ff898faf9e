/** A header field: lowercase name and value. */
export type Field = readonly [name: string, value: string]

/** What an answer may carry. */
export type AnswerBody = string | Uint8Array | ReadableStream<Uint8Array> | null

/**
 * An answer in its plainest form: cheap to make, cheap to write to a socket. It is never changed, so that
 * one may serve many requests.
 */
export class PlainAnswer {
  readonly status: number
  /** In the order they are sent, without those that frame the message (RFC 9112 §6). */
  readonly fields: readonly Field[]
  readonly body: AnswerBody
  /** Fields of this exchange alone; they replace those of the same name. */
  readonly extra: Readonly<Record<string, string>> | undefined
  #lines: string | undefined = undefined

  constructor(
    status: number,
    fields: readonly Field[],
    body: AnswerBody,
    extra?: Readonly<Record<string, string>>,
  ) {
    this.status = status
    this.fields = fields
    this.body = body
    this.extra = extra
  }

  /** The same answer with more fields. */
  with(extra: Readonly<Record<string, string>>): PlainAnswer {
    const all = this.extra === undefined ? extra : { ...this.extra, ...extra }
    const kept = this.fields.filter(([name]) => !(name in all))
    if (kept.length !== this.fields.length) {
      return new PlainAnswer(this.status, kept, this.body, all)
    }
    const copy = new PlainAnswer(this.status, this.fields, this.body, all)
    copy.#lines = this.lines
    return copy
  }

  /**
   * {@link PlainAnswer.fields} as lines of a message, each with its CRLF; worked out once. Throws a `TypeError`
   * when a value would break out of its line.
   */
  get lines(): string {
    return (this.#lines ??= this.fields.map(fieldLine).join(''))
  }

  /** The lines of {@link PlainAnswer.extra}. */
  get extraLines(): string {
    return this.extra === undefined ? '' : Object.entries(this.extra).map(fieldLine).join('')
  }

  /** The value of a field, by its lowercase name; several are joined by `, `. */
  get(name: string): string | null {
    const own = this.extra?.[name]
    if (own !== undefined) return own
    const values = this.fields.flatMap(([key, value]) => (key === name ? [value] : []))
    return values.length === 0 ? null : values.join(', ')
  }
}

/** What a request is answered with. */
export type Answer = Response | PlainAnswer

/** The answer as the web's own response. */
export function toResponse(answer: Answer): Response {
  if (answer instanceof Response) return answer
  const { status, fields, body, extra } = answer
  const headers = new Headers()
  for (const [name, value] of fields) headers.append(name, value)
  if (extra !== undefined) for (const name in extra) headers.set(name, extra[name]!)
  return new Response(body as BodyInit | null, { status, headers })
}

// eslint-disable-next-line no-control-regex -- these are the characters a field value must not hold
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/

function fieldLine([name, value]: Field): string {
  if (FORBIDDEN_IN_VALUE.test(value)) {
    throw new TypeError(`the value of ${name} holds a control character`)
  }
  return `${name}: ${value}\r\n`
}
