import type { ClaimRecord } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'

const SIGNS: Readonly<Record<ClaimRecord['status'], string>> = {
  pass: '✓',
  fail: '✗',
  inconclusive: '?',
  unknown: '–',
}

/** A verdict as a word and a sign, so that it never depends on color alone. */
export function badge(status: ClaimRecord['status']): Markup {
  return markup`<span class="badge ${status}">${SIGNS[status]} ${status.toUpperCase()}</span>`
}
