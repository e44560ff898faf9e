import { meetsIfRange } from './answer.ts'
import { isSingleRange } from './byte-range.ts'
import type { Fields } from './fields.ts'
import type { StoredPartial } from './parts.ts'
import { answersRange, completionOf } from './parts.ts'
import type { RecallRequest } from './recall-types.ts'
import type { Shelf } from './shelf.ts'
import type { StoredResponse } from './stored-response.ts'
import { currentAgeMs } from './terms.ts'

/** What is stored for a request, and what to ask the origin if that will not do. */
export interface Selection {
  readonly stored: StoredResponse | undefined
  /** In place of the client's own conditions and range, beside the conditions that `stored` makes. */
  readonly asks: Fields
  /** A stored beginning of the content that what is asked for would complete. */
  readonly beginning: StoredPartial | undefined
  /** What is stored for the key and does not answer the request as it is. */
  readonly passedOver: 'parts' | 'variants' | undefined
}

const NOTHING: Selection = {
  stored: undefined,
  asks: [],
  beginning: undefined,
  passedOver: undefined,
}

/**
 * Selects among the stored responses (RFC 9111 §4, §3.3): preferably a complete one; for a range, a part that contains
 * it; for the whole, a beginning that the origin can be asked to complete.
 */
export function select(
  request: RecallRequest,
  hash: number,
  nowMs: number,
  shelf: Pick<Shelf, 'find' | 'holds' | 'parts'>,
): Selection {
  const whole = shelf.find(request, hash)
  if (whole !== undefined) return { ...NOTHING, stored: whole }
  const parts = shelf.parts(request, hash)
  const others = shelf.holds(request, hash) ? 'variants' : undefined
  const passedOver = parts.length > 0 ? 'parts' : others
  if (request.method !== 'GET') return { ...NOTHING, passedOver }
  const range = request.fields.get('range')
  if (range === null) return { ...NOTHING, ...beginningOf(parts), passedOver }
  const isPlain = isSingleRange(range) && request.fields.get('if-range') === null
  const asked: Fields = isPlain ? [['range', range]] : []
  const stored = parts.find((part) => isAnswer(part, request, nowMs))
  return { stored, asks: asked, beginning: undefined, passedOver }
}

/** A stale part stands for no If-Range: who sent one has bytes that the answer must fit. */
function isAnswer(part: StoredPartial, { fields }: RecallRequest, nowMs: number): boolean {
  if (!answersRange(part, fields.get('range'))) return false
  if (fields.get('if-range') === null) return true
  return isFresh(part, nowMs) && part.part.echoes === undefined && meetsIfRange(fields, part, nowMs)
}

const isFresh = ({ terms }: StoredResponse, nowMs: number): boolean =>
  !terms.alwaysAsk && currentAgeMs(terms, nowMs) < terms.lifetimeMs

/** The beginning may be stale, because If-Range makes the origin check whether it is still right. */
function beginningOf(
  parts: readonly StoredPartial[],
): Pick<Selection, 'beginning' | 'asks'> | undefined {
  for (const beginning of parts) {
    const asks = completionOf(beginning)
    if (asks !== undefined) return { beginning, asks }
  }
  return undefined
}
