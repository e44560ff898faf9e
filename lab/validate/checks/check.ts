import type { ClaimRecord } from '../../core/index.ts'

/** The result of a check. */
export interface Finding {
  readonly status: ClaimRecord['status']
  /** What was observed, short enough for a table. */
  readonly measured: string
  readonly reason: string
  /** Where it was observed. */
  readonly evidence: string
}

const SHOWN_CHARACTERS = 200

/** The beginning of a text on one line. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= SHOWN_CHARACTERS ? line : `${line.slice(0, SHOWN_CHARACTERS - 1)}…`
}
