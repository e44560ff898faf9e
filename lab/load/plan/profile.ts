import { LabError } from '../../core/index.ts'

/** A part of a plan in which the level changes linearly: requests per second, or users. */
export interface Segment {
  readonly durationMs: number
  readonly from: number
  readonly to: number
}

/** How the level changes over time, piece by piece. */
export type Profile = readonly Segment[]

/** How long the whole profile lasts. */
export function profileMs(profile: Profile): number {
  return profile.reduce((sum, { durationMs }) => sum + durationMs, 0)
}

/** The level at a moment; 0 after the end. */
export function levelAt(profile: Profile, atMs: number): number {
  let from = 0
  for (const segment of profile) {
    if (atMs < from + segment.durationMs) {
      const share = (atMs - from) / segment.durationMs
      return segment.from + (segment.to - segment.from) * share
    }
    from += segment.durationMs
  }
  return 0
}

const MEAN_POINTS = 2000

/** The mean level between two moments. */
export function meanLevel(profile: Profile, fromMs: number, toMs: number): number {
  let sum = 0
  for (let at = 0; at < MEAN_POINTS; at += 1) {
    sum += levelAt(profile, fromMs + ((at + 0.5) / MEAN_POINTS) * (toMs - fromMs))
  }
  return sum / MEAN_POINTS
}

/** The highest level. */
export function peakOf(profile: Profile): number {
  return profile.reduce((peak, { from, to }) => Math.max(peak, from, to), 0)
}

/** The number of arrivals in the whole profile, if its level is a rate per second. */
export function arrivalsOf(profile: Profile): number {
  return profile.reduce(
    (sum, { durationMs, from, to }) => sum + ((from + to) / 2) * (durationMs / 1000),
    0,
  )
}

const DURATION_MS_MAX = 7 * 86_400_000

/** @throws LabError for a profile that is empty, endless or negative. */
export function checkProfile(profile: Profile, levelMax: number): Profile {
  const durationMs = profileMs(profile)
  if (!(durationMs > 0) || durationMs > DURATION_MS_MAX) {
    throw new LabError('the load must last for more than nothing and at most seven days')
  }
  const isWrong = profile.some(
    ({ durationMs, from, to }) => !(durationMs >= 0) || !(from >= 0) || !(to >= 0),
  )
  if (isWrong || !(peakOf(profile) > 0)) throw new LabError('the load must be above 0')
  if (peakOf(profile) > levelMax) {
    throw new LabError(`the load may not exceed ${levelMax}; it would reach ${peakOf(profile)}`)
  }
  return profile
}
