import type { ClaimRecord, LabRecord } from '../core/index.ts'

const COLOR: Readonly<Record<ClaimRecord['status'], number>> = {
  pass: 32,
  fail: 31,
  inconclusive: 33,
  unknown: 33,
}

const WIDEST = Math.max(...Object.keys(COLOR).map((status) => status.length))

/** The terminal summary of a validation: each claim, what was observed, and why it holds or fails. */
export function renderClaims(record: LabRecord, color: boolean): string {
  const paint = (code: number, text: string): string =>
    color ? `\u001B[${code}m${text}\u001B[0m` : text
  const lines = record.claims.flatMap(({ status, text, budget, measured, reason, group }) => {
    const sign = paint(COLOR[status], status.toUpperCase().padEnd(WIDEST))
    // The expected answer to every item of a checklist is yes.
    const asked = group === 'claim' ? `${budget}: ` : ''
    return [`${sign}  ${text}`, `${' '.repeat(WIDEST)}  ${asked}${measured} (${reason})`]
  })
  const { verdict, reason } = record.judgement
  const head = `${record.title}: ${paint(COLOR[verdict], verdict.toUpperCase())}\n  ${reason}\n`
  return `${head}\n${lines.join('\n')}\n\nRepeat: ${record.command}\n`
}
