import type { ClaimRecord, LabRecord } from '../core/index.ts'

const COLOR: Readonly<Record<ClaimRecord['status'], number>> = {
  pass: 32,
  fail: 31,
  inconclusive: 33,
  unknown: 33,
}

const WIDEST = Math.max(...Object.keys(COLOR).map((status) => status.length))

/** What a person at a terminal is told of a validation: each claim, what was seen, and why. */
export function renderClaims(record: LabRecord, color: boolean): string {
  const paint = (code: number, text: string): string =>
    color ? `\u001B[${code}m${text}\u001B[0m` : text
  const lines = record.claims.flatMap(({ status, text, budget, measured, reason, group }) => {
    const sign = paint(COLOR[status], status.toUpperCase().padEnd(WIDEST))
    // Of a checklist nothing is asked but a yes.
    const asked = group === 'claim' ? `${budget}: ` : ''
    return [`${sign}  ${text}`, `${' '.repeat(WIDEST)}  ${asked}${measured} (${reason})`]
  })
  const { verdict, reason } = record.judgement
  const head = `${record.title}: ${paint(COLOR[verdict], verdict.toUpperCase())}\n  ${reason}\n`
  return `${head}\n${lines.join('\n')}\n\nRepeat: ${record.command}\n`
}
