import { parseRequestHead } from './parse-request-head.ts'
import { RequestHead } from './request-head.ts'

/** What heads are held to in tests. */
export const rules = { scheme: 'http', headBytesMax: 16_384 } as const

/** Reads the head that a text begins with. */
export const parse = (text: string): ReturnType<typeof parseRequestHead> =>
  parseRequestHead(text, 0, rules)

/** All that a head says, however it was read; anything else as it is. */
export const said = (head: unknown): unknown =>
  head instanceof RequestHead ? { ...head.facts, bytes: head.bytes } : head
