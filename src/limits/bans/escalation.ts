import type { BansConfig } from '../config.ts'
import type { Ban } from './ban.ts'
import { NEVER_MS } from './ban.ts'

/** The rules by which repeated bans grow longer. */
export type EscalationRules = Pick<BansConfig, 'duration' | 'factor' | 'durationMax' | 'decay'>

/** How many earlier bans still count: one fewer for each `decay` that has passed since the last one ended. */
export function levelLeft(ban: Ban | undefined, rules: EscalationRules, nowMs: number): number {
  if (ban === undefined) return 0
  const quietMs = Math.max(0, nowMs - ban.expiresAtMs)
  return Math.max(
    0,
    ban.level - (rules.decay === 0 ? ban.level : Math.floor(quietMs / rules.decay)),
  )
}

/** How long a ban of `level` lasts, in milliseconds: `duration` × `factor`^(level − 1), at most `durationMax`. */
export function banLengthMs(level: number, rules: EscalationRules): number {
  return Math.round(Math.min(rules.duration * rules.factor ** (level - 1), rules.durationMax))
}

/** Whether a row no longer matters: its ban is over, and it no longer makes the next one longer. */
export function isSpent(ban: Ban, rules: EscalationRules, nowMs: number): boolean {
  if (ban.expiresAtMs === NEVER_MS || ban.expiresAtMs > nowMs) return false
  return levelLeft(ban, rules, nowMs) === 0
}
