import type { ResponseHead, SeenNames } from './parse-head.ts'
import { createSeenNames, parseHead } from './parse-head.ts'

/** What is remembered of a server's heads, so that an equal one need not be parsed again. */
export interface HeadMemory {
  readonly seen: SeenNames
  /** The last head, and whether it answered HEAD, for which the same text has a different meaning. */
  last: ResponseHead | undefined
  isOfHead: boolean
}

/** Creates a {@link HeadMemory} for a server. */
export const createHeadMemory = (): HeadMemory => ({
  seen: createSeenNames(),
  last: undefined,
  isOfHead: false,
})

/** As {@link parseHead}; a head that equals the previous one is the same object. */
export function readHead(text: string, method: string, memory: HeadMemory): ResponseHead | string {
  const isOfHead = method === 'HEAD'
  const { last } = memory
  if (last !== undefined && last.text === text && memory.isOfHead === isOfHead) return last
  const head = parseHead(text, method, memory.seen)
  if (typeof head === 'string') return head
  memory.last = head
  memory.isOfHead = isOfHead
  return head
}
