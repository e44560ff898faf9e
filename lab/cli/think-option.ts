import type { ThinkTime } from '../scenario/index.ts'
import { readDurationMs } from './arguments.ts'
import { UsageError } from './exit-codes.ts'

/**
 * Reads a think time: `2s` or `constant:2s`, `exponential:2s` (its mean), `lognormal:2s` or
 * `lognormal:2s:0.8` (its median, and the standard deviation of its logarithm).
 */
export function readThinkTime(text: string): ThinkTime {
  const parts = text.split(':')
  const [kind, duration, sigma] = parts.length === 1 ? ['constant', parts[0]] : parts
  const ms = readDurationMs('--think', duration ?? '')
  if (kind === 'constant' && sigma === undefined) return { kind, ms }
  if (kind === 'exponential' && sigma === undefined) return { kind, meanMs: ms }
  const spread = Number(sigma ?? 0.5)
  if (kind === 'lognormal' && spread >= 0 && spread <= 5)
    return { kind, medianMs: ms, sigma: spread }
  throw new UsageError(
    `--think: expected 2s, exponential:2s or lognormal:2s:0.5, not ${JSON.stringify(text)}`,
  )
}
