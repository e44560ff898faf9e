import { LabError } from '../../core/index.ts'

/** The most a case may take. */
export type Budget = { readonly name: string; readonly limitNs: number; readonly text: string }

const UNITS_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6 }

/**
 * Reads a budget such as `permission check<200ns`.
 *
 * @throws LabError
 */
export function parseMicroBudget(text: string): Budget {
  const match = /^(.+?)\s*<=?\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms)$/.exec(text.trim())
  const [, name, number, unit = ''] = match ?? []
  if (name === undefined) throw new LabError(`not a budget: ${text} (write name<200ns)`)
  return { name, limitNs: Number(number) * (UNITS_NS[unit] ?? 1), text: text.trim() }
}
