import { LabError } from '../core/index.ts'
import type { Checks, ScenarioData, ThinkTime } from '../scenario/index.ts'
import type { LoadPlan } from './job.ts'
import type { ArrivalKind } from './plan/arrivals.ts'
import { checkProfile, peakOf, profileMs } from './plan/profile.ts'
import type { ShapeName } from './plan/shapes.ts'
import { SHAPES } from './plan/shapes.ts'
import type { Target } from './target.ts'

/** A load as callers describe it; everything that is omitted has a default. */
export interface LoadWish {
  readonly target: Target
  readonly scenario: ScenarioData
  /** Default `open`. */
  readonly model?: 'closed' | 'open'
  /** Default `steady`. */
  readonly shape?: ShapeName
  /** Requests per second, or number of users. */
  readonly level: number
  readonly base?: number
  readonly count?: number
  readonly durationMs: number
  /** Default `poisson`. */
  readonly arrivals?: ArrivalKind
  /** Users' pause between flows; default none. */
  readonly think?: ThinkTime | null
  /** Default 0. */
  readonly startOverMs?: number
  /** Default 0. */
  readonly warmUpMs?: number
  /** Default 10 s. */
  readonly timeoutMs?: number
  /** Default 1,000, or the number of users. */
  readonly connectionsMax?: number
  /** Default 16 for open load, or what is allowed if that is less. */
  readonly connectionsWarm?: number
  readonly sources?: readonly string[]
  readonly seed: number
  readonly classify?: 'cache' | null
}

export const RATE_MAX = 1_000_000
export const USERS_MAX = 200_000
const CONNECTIONS_MAX = 200_000
const TIMEOUT_MS = 10_000
const WINDOW_MS = 250
const WINDOWS_MAX = 1200

/**
 * Fills in the defaults of a load and checks its bounds.
 *
 * @throws LabError
 */
export function planLoad(wish: LoadWish): LoadPlan {
  const isOpen = wish.model !== 'closed'
  const profile = checkProfile(
    SHAPES[wish.shape ?? 'steady']({
      level: wish.level,
      durationMs: wish.durationMs,
      ...(wish.base === undefined ? {} : { base: wish.base }),
      ...(wish.count === undefined ? {} : { count: wish.count }),
    }),
    isOpen ? RATE_MAX : USERS_MAX,
  )
  const peak = Math.ceil(peakOf(profile))
  const connectionsMax = wish.connectionsMax ?? (isOpen ? 1000 : peak)
  if (connectionsMax < 1 || connectionsMax > CONNECTIONS_MAX) {
    throw new LabError(`1 to ${CONNECTIONS_MAX} connections are possible, not ${connectionsMax}`)
  }
  const timeoutMs = wish.timeoutMs ?? TIMEOUT_MS
  const warmUpMs = wish.warmUpMs ?? 0
  if (!(timeoutMs > 0) || timeoutMs > 600_000) throw new LabError('a timeout is up to ten minutes')
  if (!(warmUpMs >= 0) || warmUpMs >= profileMs(profile)) {
    throw new LabError('the warm-up must be shorter than the load')
  }
  return {
    target: wish.target,
    scenario: wish.scenario,
    model: isOpen
      ? { kind: 'open', profile, arrivals: wish.arrivals ?? 'poisson' }
      : { kind: 'closed', profile, think: wish.think ?? null, startOverMs: wish.startOverMs ?? 0 },
    warmUpMs,
    timeoutMs,
    connectionsMax,
    connectionsWarm: Math.min(connectionsMax, wish.connectionsWarm ?? (isOpen ? 16 : 0)),
    sources: wish.sources ?? [],
    windowMs: windowMsFor(profileMs(profile) + 2 * timeoutMs),
    seed: wish.seed,
    classify: wish.classify ?? null,
  }
}

/** 250 ms, doubled until the number of windows is within bounds. */
function windowMsFor(durationMs: number): number {
  let windowMs = WINDOW_MS
  while (durationMs / windowMs > WINDOWS_MAX) windowMs *= 2
  return windowMs
}

/** One request, for a load that needs no scenario. */
export interface SingleRequest {
  readonly method?: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly checks?: Checks
}

/** A scenario that sends the same request repeatedly. */
export function singleRequest(request: SingleRequest): ScenarioData {
  const { method = 'GET', path, headers = {}, body = null, checks } = request
  return {
    name: `${method} ${path}`,
    tags: [],
    feeds: {},
    flows: [{ name: 'request', weight: 1, steps: [{ request: 0 }] }],
    requests: [
      {
        name: 'request',
        tags: [],
        method,
        path,
        headers: Object.entries(headers),
        body,
        bodyIsJson: false,
        checks: checks ?? { status: ['2xx', '3xx'] },
        captures: [],
      },
    ],
  }
}
