import type { StoredPartial } from './parts.ts'
import type { RecallAction } from './recall-decision.ts'
import type { StoredResponse } from './stored-response.ts'
import { currentAgeMs } from './terms.ts'

const WORDS = {
  serve: 'hit',
  'serve-and-refresh': 'hit: stale while it is revalidated',
  revalidate: 'would be revalidated',
  unsatisfiable: '504: only-if-cached, and what is stored will not do',
  forward: 'would be forwarded: the request says no-store',
} as const satisfies Record<RecallAction['kind'], string>

/** What would be done with a stored response, in words for operators. */
export function describeStored(
  stored: StoredResponse,
  action: RecallAction,
  nowMs: number,
): string {
  const ageS = Math.floor(currentAgeMs(stored.terms, nowMs) / 1000)
  const lifetimeS = Math.floor(stored.terms.lifetimeMs / 1000)
  const { body, part } = stored
  const content =
    part === undefined
      ? `${body.length} bytes`
      : `${body.length} bytes from ${part.first} on of ${part.completeBytes}`
  const facts = `status ${stored.status}, ${content}, age ${ageS} s of ${lifetimeS} s`
  return `${WORDS[action.kind]}${whyOf(stored, action)} (${facts})`
}

function whyOf(stored: StoredResponse, action: RecallAction): string {
  if (action.kind === 'serve')
    return action.forMs > 0 ? ': fresh' : ': stale, as the request accepts'
  if (action.kind !== 'revalidate') return ''
  if (action.why === 'request') return ': the request asks for it'
  return stored.terms.alwaysAsk ? ': it says no-cache' : ': it is stale'
}

/** What would be done where a beginning of the content is stored, and all of it is asked for. */
export const describeBeginning = ({ body, part }: StoredPartial): string =>
  `miss: ${body.length} of ${part.completeBytes} bytes are stored, the rest would be asked for`
