import { FIELD_KINDS, fieldName } from './field-names.ts'
import type { HeadRules } from './parse-request-head.ts'
import {
  parseLength,
  parseRequestHead,
  parseRequestLine,
  parseValue,
} from './parse-request-head.ts'
import { RequestHead, Unreadable } from './request-head.ts'

/**
 * A head that a connection has sent before. Clients send the same lines again and again; what is the same is
 * compared and not read again.
 */
export interface HeadTemplate {
  readonly text: string
  /** With their CRLF, the request line first. */
  readonly lines: readonly string[]
  readonly head: RequestHead
}

const { plain, single, host, length } = FIELD_KINDS
const LENGTH_NAME = 'content-length'

/**
 * Makes a template of a complete head.
 *
 * @returns `undefined` where fields and lines do not correspond one to one.
 */
export function createHeadTemplate(text: string, rules: HeadRules): HeadTemplate | undefined {
  const head = parseRequestHead(text, 0, rules)
  if (!(head instanceof RequestHead) || !/^[^\r ]+ [/*]/.test(text)) return undefined
  const lines = text.match(/[^\n]*\n/g)!.slice(0, -1)
  return lines.length === head.names.length + 1 ? { text, lines, head } : undefined
}

/**
 * Reads a head by comparing it with one that came before: what {@link parseRequestHead} would say, or `undefined`
 * when that has to be asked.
 */
export function matchTemplate(
  template: HeadTemplate,
  text: string,
  at: number,
  rules: HeadRules,
): RequestHead | undefined {
  const { lines, head } = template
  if (text.startsWith(template.text, at)) return head
  let from = at
  let { method, target, bodyBytes } = head
  if (text.startsWith(lines[0]!, at)) from += lines[0]!.length
  else {
    const end = text.indexOf('\n', at)
    const line = end < 0 ? undefined : parseRequestLine(text, at, end, rules)
    if (line === undefined || line instanceof Unreadable) return undefined
    if (line.authority !== undefined || line.isCurrent !== head.isCurrent) return undefined
    if (head.wantsWebSocket) return undefined
    ;({ method, target } = line)
    from = end + 1
  }
  let values: string[] | undefined
  for (let index = 1; index < lines.length; index++) {
    const expected = lines[index]!
    if (text.startsWith(expected, from)) {
      from += expected.length
      continue
    }
    const name = head.names[index - 1]!
    const end = text.indexOf('\n', from)
    const value = end < 0 ? undefined : otherValue(text, from, end, name)
    if (value === undefined) return undefined
    if (name === LENGTH_NAME) {
      const bytes = parseLength(value)
      if (bytes instanceof Unreadable || (bytes === 0) !== (bodyBytes === 0)) return undefined
      bodyBytes = bytes
    }
    values ??= [...head.values]
    values[index - 1] = value
    from = end + 1
  }
  const bytes = from + 2 - at
  if (!text.startsWith('\r\n', from) || bytes > rules.headBytesMax) return undefined
  const { isCurrent, names, keepsAlive, expectsContinue, wantsWebSocket } = head
  return new RequestHead({
    method,
    target,
    isCurrent,
    names,
    values: values ?? head.values,
    bodyBytes,
    keepsAlive,
    expectsContinue,
    wantsWebSocket,
    bytes,
  })
}

/** The value of a line of the same name, where it means nothing for how the message is read. */
function otherValue(text: string, from: number, end: number, name: string): string | undefined {
  const colon = text.indexOf(':', from)
  if (colon < 0 || colon > end || text.charCodeAt(end - 1) !== 0x0d) return undefined
  const sent = fieldName(text.slice(from, colon))
  if (sent?.name !== name || !VALUE_ONLY.has(sent.kind)) return undefined
  return parseValue(text, colon + 1, end - 1)
}

const VALUE_ONLY: ReadonlySet<number> = new Set([plain, single, host, length])
