import { FIELD_KINDS, fieldName } from './field-names.ts'
import type { HeadRules } from './parse-request-head.ts'
import {
  parseLength,
  parseRequestHead,
  parseRequestLine,
  parseValue,
} from './parse-request-head.ts'
import { RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

const { plain, single, host, length } = FIELD_KINDS
/** Fields whose value means nothing for how the message is read, or nothing but its length. */
const MAY_CHANGE: ReadonlySet<number> = new Set([plain, single, host, length])
const LENGTH_NAME = 'content-length'
const CR = 0x0d

/**
 * A head that a connection has sent before. Clients send the same lines again and again; what is the same is
 * compared and not read again. Which lines change is learned, so that those between them are compared at once.
 */
export class HeadTemplate {
  private readonly text: string
  private readonly head: RequestHead
  private readonly rules: HeadRules
  /** With their CRLF: the request line, the fields, the empty line. */
  private readonly lines: readonly string[]
  /** Of each line the name as it was sent, with its colon; `undefined` where the line must not change. */
  private readonly prefixes: readonly (string | undefined)[]
  /** Places of lines that were seen to change. */
  private changing: readonly number[] = []
  /** What stands before, between and after them. */
  private blocks: readonly string[]

  private constructor(text: string, head: RequestHead, lines: readonly string[], rules: HeadRules) {
    this.text = text
    this.head = head
    this.rules = rules
    this.lines = lines
    this.prefixes = lines.map(changeablePrefix)
    this.blocks = [text]
  }

  /**
   * Makes a template of a complete head.
   *
   * @returns `undefined` where fields and lines do not correspond one to one.
   */
  static of(text: string, rules: HeadRules): HeadTemplate | undefined {
    const head = parseRequestHead(text, 0, rules)
    if (!(head instanceof RequestHead) || !/^[^\r ]+ [/*]/.test(text)) return undefined
    const lines = text.match(/[^\n]*\n/g)!
    if (lines.length !== head.names.length + 2) return undefined
    return new HeadTemplate(text, head, lines, rules)
  }

  /**
   * Reads a head by comparing it with this one: what {@link parseRequestHead} would say, or `undefined` when that
   * has to be asked.
   */
  match(text: string, at: number): RequestHead | undefined {
    if (text.startsWith(this.text, at)) return this.head
    const { changing, blocks } = this
    const change = new Change(this.head)
    let from = at
    for (let index = 0; ; index++) {
      const block = blocks[index]!
      if (!text.startsWith(block, from)) return this.compareLines(text, at)
      from += block.length
      if (index === changing.length) break
      from = this.readLine(change, changing[index]!, text, from)
      if (from < 0) return undefined
    }
    return change.head(from - at, this.rules)
  }

  /** Compares line by line, to learn which ones change. */
  private compareLines(text: string, at: number): RequestHead | undefined {
    const { lines } = this
    const change = new Change(this.head)
    const changed = new Set(this.changing)
    let from = at
    for (const [index, line] of lines.entries()) {
      if (text.startsWith(line, from)) from += line.length
      else {
        changed.add(index)
        from = this.readLine(change, index, text, from)
        if (from < 0) return undefined
      }
    }
    const head = change.head(from - at, this.rules)
    if (head !== undefined) this.learn([...changed].toSorted((a, b) => a - b))
    return head
  }

  private learn(changing: readonly number[]): void {
    const ends = [...changing, this.lines.length]
    this.changing = changing
    this.blocks = ends.map((end, index) =>
      this.lines.slice(index === 0 ? 0 : changing[index - 1]! + 1, end).join(''),
    )
  }

  /** Reads a line that is not as before. Returns where the next one begins, or -1. */
  private readLine(change: Change, index: number, text: string, from: number): number {
    const end = text.indexOf('\n', from)
    if (end < 0) return -1
    if (index === 0) return change.line(text, from, end, this.rules) ? end + 1 : -1
    const prefix = this.prefixes[index]
    if (prefix === undefined || !text.startsWith(prefix, from)) return -1
    if (text.charCodeAt(end - 1) !== CR) return -1
    const value = parseValue(text, from + prefix.length, end - 1)
    return value !== undefined && change.field(index - 1, value) ? end + 1 : -1
  }
}

function changeablePrefix(line: string, index: number): string | undefined {
  const colon = line.indexOf(':')
  const known = index === 0 || colon < 0 ? undefined : fieldName(line.slice(0, colon))
  return known !== undefined && MAY_CHANGE.has(known.kind) ? line.slice(0, colon + 1) : undefined
}

/** How a head differs from the one before. */
class Change {
  private readonly before: RequestHead
  private method: string
  private target: string
  private bodyBytes: number
  private values: string[] | undefined = undefined

  constructor(before: RequestHead) {
    this.before = before
    this.method = before.method
    this.target = before.target
    this.bodyBytes = before.bodyBytes
  }

  /** Takes another request line; `false` when it means more than another method or target. */
  line(text: string, from: number, end: number, rules: HeadRules): boolean {
    const { isCurrent, wantsWebSocket } = this.before
    const line = parseRequestLine(text, from, end, rules)
    if (line instanceof Unreadable || line.authority !== undefined) return false
    if (line.isCurrent !== isCurrent || wantsWebSocket) return false
    this.method = line.method
    this.target = line.target
    return true
  }

  /** Takes another value; `false` when it means more than another value or length. */
  field(at: number, value: string): boolean {
    const { before } = this
    if (before.names[at] === LENGTH_NAME) {
      const bytes = parseLength(value)
      if (bytes instanceof Unreadable || (bytes === 0) !== (before.bodyBytes === 0)) return false
      this.bodyBytes = bytes
    }
    this.values ??= before.values.slice()
    this.values[at] = value
    return true
  }

  head(bytes: number, { headBytesMax }: HeadRules): RequestHead | undefined {
    const { before, method, target, bodyBytes, values } = this
    if (bytes > headBytesMax) return undefined
    const { isCurrent, names, keepsAlive, expectsContinue, wantsWebSocket } = before
    return new RequestHead({
      method,
      target,
      isCurrent,
      names,
      values: values ?? before.values,
      bodyBytes,
      keepsAlive,
      expectsContinue,
      wantsWebSocket,
      bytes,
    })
  }
}
