import { latin1 } from './buffer-text.ts'
import { HeadTemplate } from './head-template.ts'
import type { HeadRules } from './parse-request-head.ts'
import { parseRequestHead } from './parse-request-head.ts'
import type { RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

const TEMPLATE_BYTES_MAX = 2048
/** After this many requests that did not match the template, the next one becomes the template. */
const MISSES_MAX = 4
const NO_BYTES = Buffer.alloc(0)

/** Finds the heads in the bytes of a connection, and remembers what they look like. */
export class HeadReader {
  private readonly rules: HeadRules
  /** The part of a head that arrived earlier. */
  private pending: Buffer | undefined = undefined
  private bytes: Buffer = NO_BYTES
  /** Where the text begins in the bytes. */
  private windowAt = 0
  private text = ''
  private template: HeadTemplate | undefined = undefined
  /** Starts so that the second request of a connection becomes the first template. */
  private misses = MISSES_MAX - 1

  constructor(rules: HeadRules) {
    this.rules = rules
  }

  /** Takes bytes. Returns them, preceded by those that were kept. */
  begin(chunk: Buffer): Buffer {
    this.bytes = this.pending === undefined ? chunk : Buffer.concat([this.pending, chunk])
    this.pending = undefined
    this.look(0)
    return this.bytes
  }

  /** The head at `at`; `undefined` while it is not complete. */
  next(at: number): RequestHead | Unreadable | undefined {
    const head = this.parse(at)
    if (head !== undefined || this.windowAt + this.text.length === this.bytes.length) return head
    this.look(at)
    return this.parse(at)
  }

  /** Keeps the bytes from `at` on until more arrive. */
  keep(at: number): void {
    this.pending = at === 0 ? this.bytes : Buffer.from(this.bytes.subarray(at))
    this.clear()
  }

  /** Releases the bytes. */
  clear(): void {
    this.bytes = NO_BYTES
    this.text = ''
  }

  /** Forgets what heads looked like. */
  forget(): void {
    this.template = undefined
    this.misses = MISSES_MAX - 1
  }

  private look(at: number): void {
    const { bytes, rules } = this
    this.windowAt = at
    this.text = latin1(bytes, at, Math.min(bytes.length, at + rules.headBytesMax + 1))
  }

  private parse(at: number): RequestHead | Unreadable | undefined {
    const { template, text, rules } = this
    const textAt = at - this.windowAt
    if (template !== undefined) {
      const head = template.match(text, textAt)
      if (head !== undefined) {
        this.misses = 0
        return head
      }
    }
    const head = parseRequestHead(text, textAt, rules)
    if (head !== undefined && !(head instanceof Unreadable)) this.remember(head, at)
    return head
  }

  private remember({ bytes }: RequestHead, at: number): void {
    this.misses += 1
    if (this.misses <= MISSES_MAX || bytes > TEMPLATE_BYTES_MAX) return
    // A copy, because slices of the text would keep the whole text in memory.
    this.template = HeadTemplate.of(latin1(this.bytes, at, at + bytes), this.rules)
    this.misses = 0
  }
}
