import { parseRequestHead } from './parse-request-head.ts'
import { RequestHead } from './request-head.ts'

/** The rules for heads in tests. */
export const rules = { scheme: 'http', headBytesMax: 16_384 } as const

/** Reads the head at the start of a text. */
export const parse = (text: string): ReturnType<typeof parseRequestHead> =>
  parseRequestHead(text, 0, rules)

/** Everything that a head says, however it was read; any other value unchanged. */
export const said = (head: unknown): unknown =>
  head instanceof RequestHead ? { ...head.facts, bytes: head.bytes } : head
