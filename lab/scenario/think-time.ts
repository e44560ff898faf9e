import type { Random } from '../core/index.ts'
import type { ThinkTime } from './data.ts'

/** A day: the longest pause, however long the tail of the distribution. */
const THINK_MS_MAX = 86_400_000

/** Draws how long a user thinks, in milliseconds. */
export function drawThinkTime(think: ThinkTime, random: Random): number {
  return Math.min(draw(think, random), THINK_MS_MAX)
}

/** The expected think time in milliseconds. */
export function meanThinkTime(think: ThinkTime): number {
  if (think.kind === 'constant') return think.ms
  if (think.kind === 'exponential') return think.meanMs
  return think.medianMs * Math.exp(think.sigma ** 2 / 2)
}

function draw(think: ThinkTime, random: Random): number {
  if (think.kind === 'constant') return think.ms
  if (think.kind === 'exponential') return think.meanMs * random.exponential()
  return think.medianMs * Math.exp(think.sigma * random.normal())
}
