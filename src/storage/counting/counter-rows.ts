import type { BaseRow, Collection } from '../records.ts'

/** A calendar counter on disk: units used or reserved for use, until its window ends. */
export interface CounterRow extends BaseRow {
  readonly used: number
  readonly endMs: number
}

/** The collection of durable counters; the program that opens records for them must declare it. */
export const COUNTER_ROWS: Collection<CounterRow> = {
  name: 'counters',
  tenant: false,
  columns: { used: { type: 'real' }, endMs: { type: 'integer' } },
  indexes: [{ name: 'byEnd', columns: ['endMs'] }],
}

/** The row id of a limit's subject; the length keeps names and subjects apart. */
export function counterId(name: string, subject: string): string {
  return `${name.length}:${name}:${subject}`
}
