import { parseRequestHead } from './parse-request-head.ts'

/** What heads are held to in tests. */
export const rules = { scheme: 'http', headBytesMax: 16_384 } as const

/** Reads the head that a text begins with. */
export const parse = (text: string): ReturnType<typeof parseRequestHead> =>
  parseRequestHead(text, 0, rules)
