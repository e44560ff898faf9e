import type { BansConfig } from '../config.ts'
import type { Ban } from './ban.ts'
import { NEVER_MS } from './ban.ts'

/** The rules by which bans grow. */
export type EscalationRules = Pick<BansConfig, 'duration' | 'factor' | 'durationMax' | 'decay'>

/** How many earlier bans still count: one fewer for each `decay` since the last one ended. */
export function levelLeft(ban: Ban | undefined, rules: EscalationRules, nowMs: number): number {
  if (ban === undefined) return 0
  const quietMs = Math.max(0, nowMs - ban.expiresAtMs)
  return Math.max(
    0,
    ban.level - (rules.decay === 0 ? ban.level : Math.floor(quietMs / rules.decay)),
  )
}

/** How long a ban of `level` lasts: `duration` × `factor` for each earlier ban, bounded. */
export function banLengthMs(level: number, rules: EscalationRules): number {
  return Math.round(Math.min(rules.duration * rules.factor ** (level - 1), rules.durationMax))
}

/** Whether a row has nothing left to say: its ban is over and its part in the escalation forgotten. */
export function isSpent(ban: Ban, rules: EscalationRules, nowMs: number): boolean {
  if (ban.expiresAtMs === NEVER_MS || ban.expiresAtMs > nowMs) return false
  return levelLeft(ban, rules, nowMs) === 0
}
