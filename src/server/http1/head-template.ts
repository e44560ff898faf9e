import { FIELD_KINDS, fieldName } from './field-names.ts'
import type { HeadRules } from './parse-request-head.ts'
import {
  parseLength,
  parseRequestHead,
  parseRequestLine,
  parseValue,
  valueEnd,
  valueLineEnd,
  valueStart,
} from './parse-request-head.ts'
import type { HeadFacts } from './request-head.ts'
import { RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

const { plain, single, host, length } = FIELD_KINDS
/** Fields whose value does not affect how the message is read, or only the length of its body. */
const MAY_CHANGE: ReadonlySet<number> = new Set([plain, single, host, length])
const LENGTH_NAME = 'content-length'
const CR = 0x0d

/** A field whose value changes: its index, and all text before and after the value. */
interface SingleField {
  readonly at: number
  readonly ahead: string
  readonly behind: string
}

/**
 * A head that a connection has sent before. Clients send the same lines again and again, so equal lines are compared
 * instead of parsed again. The template learns which lines change, and compares all lines between them at once.
 */
export class HeadTemplate {
  private readonly text: string
  private readonly head: RequestHead
  private readonly facts: HeadFacts
  private readonly rules: HeadRules
  /** With their CRLF: the request line, the fields, the empty line. */
  private readonly lines: readonly string[]
  /** The name of each line as sent, with its colon; `undefined` if the line must not change. */
  private readonly prefixes: readonly (string | undefined)[]
  /** Indexes of lines that have been seen to change. */
  private changing: readonly number[] = []
  /** The text before, between and after them. */
  private blocks: readonly string[]
  /** Present if the only thing that changes is the value of one field that does not affect how the message is read. */
  private single: SingleField | undefined = undefined

  private constructor(text: string, head: RequestHead, lines: readonly string[], rules: HeadRules) {
    this.text = text
    this.head = head
    this.facts = head.facts
    this.rules = rules
    this.lines = lines
    this.prefixes = lines.map(changeablePrefix)
    this.blocks = [text]
  }

  /**
   * Makes a template of a complete head.
   *
   * @returns `undefined` if fields and lines do not correspond one to one.
   */
  static of(text: string, rules: HeadRules): HeadTemplate | undefined {
    const head = parseRequestHead(text, 0, rules)
    if (!(head instanceof RequestHead) || !/^[^\r ]+ [/*]/.test(text)) return undefined
    const lines = text.match(/[^\n]*\n/g)!
    if (lines.length !== head.facts.names.length + 2) return undefined
    return new HeadTemplate(text, head, lines, rules)
  }

  /**
   * Reads a head by comparing it with this one. Returns what {@link parseRequestHead} would, or `undefined` if that
   * must be called.
   */
  match(text: string, at: number): RequestHead | undefined {
    const single = this.single === undefined ? undefined : this.matchSingle(this.single, text, at)
    if (single !== undefined) return single
    if (text.startsWith(this.text, at)) return this.head
    const { changing, blocks } = this
    const change = new Change(this.facts)
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

  /** {@link HeadTemplate.match} if only the value of one field changes. No string is created for that value. */
  private matchSingle(
    { at: field, ahead, behind }: SingleField,
    text: string,
    at: number,
  ): RequestHead | undefined {
    if (!text.startsWith(ahead, at)) return undefined
    const valueAt = at + ahead.length
    const lineEnd = valueLineEnd(text, valueAt)
    if (lineEnd < 0 || !text.startsWith(behind, lineEnd)) return undefined
    const bytes = lineEnd + behind.length - at
    if (bytes > this.rules.headBytesMax) return undefined
    const from = valueStart(text, valueAt, lineEnd)
    const changed = { at: field, text, from, to: valueEnd(text, from, lineEnd) }
    return new RequestHead(this.facts, bytes, changed)
  }

  /** Compares line by line, to learn which ones change. */
  private compareLines(text: string, at: number): RequestHead | undefined {
    const { lines } = this
    const change = new Change(this.facts)
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
    this.single = changing.length === 1 ? this.singleField(changing[0]!) : undefined
  }

  private singleField(index: number): SingleField | undefined {
    const prefix = this.prefixes[index]
    const at = index - 1
    if (prefix === undefined || this.facts.names[at] === LENGTH_NAME) return undefined
    const [before, behind] = this.blocks
    return { at, ahead: before! + prefix, behind: `\r\n${behind!}` }
  }

  /** Reads a line that has changed. Returns where the next one begins, or -1. */
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

/** How a head differs from the previous one. */
class Change {
  private readonly before: HeadFacts
  private method: string
  private target: string
  private bodyBytes: number
  private values: string[] | undefined = undefined

  constructor(before: HeadFacts) {
    this.before = before
    this.method = before.method
    this.target = before.target
    this.bodyBytes = before.bodyBytes
  }

  /** Takes a changed request line; `false` if more than the method or target differs. */
  line(text: string, from: number, end: number, rules: HeadRules): boolean {
    const { isCurrent, wantsWebSocket } = this.before
    const line = parseRequestLine(text, from, end, rules)
    if (line instanceof Unreadable || line.authority !== undefined) return false
    if (line.isCurrent !== isCurrent || wantsWebSocket) return false
    this.method = line.method
    this.target = line.target
    return true
  }

  /** Takes a changed value; `false` if more than that value or the length differs. */
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
    if (bytes > headBytesMax) return undefined
    const { before, method, target, bodyBytes, values = before.values } = this
    const { isCurrent, names, keepsAlive, expectsContinue, wantsWebSocket } = before
    const facts: HeadFacts = {
      method,
      target,
      isCurrent,
      names,
      values,
      bodyBytes,
      keepsAlive,
      expectsContinue,
      wantsWebSocket,
    }
    return new RequestHead(facts, bytes)
  }
}
