import type { World } from '../../core/index.ts'
import { LabError } from '../../core/index.ts'
import type { CacheClass, LoadResult, Target } from '../../load/index.ts'
import { planLoad, readTarget, runLoad } from '../../load/index.ts'
import type { Pick, ScenarioData } from '../../scenario/index.ts'
import { defineScenario, resolveScenario } from '../../scenario/index.ts'
import type { CacheOptions } from './options.ts'
import { probe, readOriginCount, urlOf } from './probe.ts'

/** A phase of load on the cache. */
export interface CachePhase {
  readonly name: 'cold' | 'thrash' | 'warm'
  /** Without its windows. */
  readonly result: LoadResult
  /** Requests that reached the origin meanwhile; `null` if they are not counted. */
  readonly originFetches: number | null
}

/** Many requests for one new key at the same time. */
export interface Stampede {
  readonly said: Readonly<Partial<Record<CacheClass, number>>>
  readonly failed: number
  readonly originFetches: number | null
}

/** One check of whether a caller gets an answer that belongs to another. */
export interface Isolation {
  readonly key: string
  /** The cache status that the second caller got for an answer of the first that is in the cache. */
  readonly secondSaid: CacheClass
  readonly firstBodyCameBack: boolean
  readonly anonymousStatus: number
  readonly anonymousGotBody: boolean
}

/** What was observed of a cache. */
export interface CacheRaw {
  readonly phases: readonly CachePhase[]
  readonly stampedes: readonly Stampede[]
  /** Keys asked for twice, and how many of them had another body from the cache. */
  readonly bodies: { readonly compared: number; readonly different: number }
  readonly isolation: readonly Isolation[]
}

const COMPARED_KEYS = 20
const ISOLATION_KEYS = 5

/** Runs the cold, warm and thrash phases and the stampedes, then checks bodies and callers one by one. */
export async function measureCache(options: CacheOptions, world: World): Promise<CacheRaw> {
  const target = readTarget(options.target.replaceAll(/\{key\}/g, 'key'), options)
  if (!/\{key\}|%7Bkey%7D/i.test(options.target)) {
    throw new LabError('the target needs {key} where the key goes')
  }
  // Keys that no earlier run has used: the cache is cold for them without being emptied.
  const salt = crypto.randomUUID().slice(0, 8)
  const keys = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, at) => `${salt}-${name}-${at}`)
  const known = keys('k', options.keys)
  const popularity: Pick =
    options.popularity === 'zipf'
      ? { kind: 'zipf', exponent: options.exponent }
      : { kind: 'hot', draws: 0.8, rows: 0.2 }
  const run = async (
    name: CachePhase['name'],
    rows: readonly string[],
    pick: Pick,
    durationMs: number,
  ): Promise<CachePhase> => {
    world.progress.step(`${name}: ${rows.length} keys`, PHASES.indexOf(name), PHASES.length)
    const scenario = await keyScenario(options, target, rows, pick, world)
    const plan = planLoad({
      target,
      scenario,
      level: options.rate,
      durationMs,
      arrivals: name === 'cold' ? 'constant' : 'poisson',
      timeoutMs: options.timeoutMs,
      seed: world.seed,
      classify: 'cache',
    })
    const before = await readOriginCount(options)
    const result = await runLoad(plan, world)
    const after = await readOriginCount(options)
    const originFetches = before === null || after === null ? null : after - before
    return { name, result: { ...result, windows: [] }, originFetches }
  }
  const cycle: Pick = { kind: 'cycle' }
  const phases = [
    await run('cold', known, cycle, (known.length / options.rate) * 1000),
    await run('warm', known, popularity, options.phaseMs),
    await run('thrash', keys('t', options.thrashKeys), cycle, options.phaseMs),
  ]
  world.progress.step('stampede', 3, PHASES.length)
  const stampedes: Stampede[] = []
  for (const key of keys('s', options.stampede.rounds)) {
    world.signal.throwIfAborted()
    stampedes.push(await stampede(options, key))
  }
  world.progress.step('bodies and callers', 4, PHASES.length)
  return {
    phases,
    stampedes,
    bodies: await compareBodies(options, keys('b', COMPARED_KEYS)),
    isolation: await checkIsolation(options, keys('i', ISOLATION_KEYS)),
  }
}

const PHASES = ['cold', 'warm', 'thrash', 'stampede', 'checks']

async function keyScenario(
  options: CacheOptions,
  target: Target,
  rows: readonly string[],
  pick: Pick,
  world: World,
): Promise<ScenarioData> {
  const { pathname, search } = new URL(urlOf(options, 'KEY'))
  const scenario = defineScenario({
    name: 'keys',
    feeds: { key: { rows: rows.map((id) => ({ id })), pick } },
    requests: {
      get: {
        path: `${pathname}${search}`.replaceAll('KEY', '{{key.id}}'),
        headers: { ...options.headers },
        checks: { status: 200, ...(options.bodyNamesKey ? { bodyIncludes: '{{key.id}}' } : {}) },
      },
    },
  })
  return resolveScenario(scenario, {
    target: target.origin,
    environment: {},
    random: world.random,
    readJson: async () => null,
  })
}

async function stampede(options: CacheOptions, key: string): Promise<Stampede> {
  const before = await readOriginCount(options)
  const answers = await Promise.all(
    Array.from({ length: options.stampede.requests }, async () =>
      probe(options, key).catch(() => undefined),
    ),
  )
  const after = await readOriginCount(options)
  const said: Partial<Record<CacheClass, number>> = {}
  for (const answer of answers) {
    if (answer?.status === 200) said[answer.said] = (said[answer.said] ?? 0) + 1
  }
  return {
    said,
    failed: answers.filter((answer) => answer?.status !== 200).length,
    originFetches: before === null || after === null ? null : after - before,
  }
}

async function compareBodies(
  options: CacheOptions,
  keys: readonly string[],
): Promise<CacheRaw['bodies']> {
  let different = 0
  for (const key of keys) {
    const first = await probe(options, key)
    const second = await probe(options, key)
    if (first.body !== second.body || first.status !== second.status) different += 1
  }
  return { compared: keys.length, different }
}

async function checkIsolation(
  options: CacheOptions,
  keys: readonly string[],
): Promise<readonly Isolation[]> {
  const { callers } = options
  if (callers === null) return []
  const seen: Isolation[] = []
  for (const key of keys) {
    // Sent twice, so that the answer is in the cache if it may be stored.
    await probe(options, key, callers.headers.first)
    const first = await probe(options, key, callers.headers.first)
    const second = await probe(options, key, callers.headers.second)
    const anonymous = await probe(options, key, null)
    seen.push({
      key,
      secondSaid: second.said,
      firstBodyCameBack: second.body === first.body && second.status === 200,
      anonymousStatus: anonymous.status,
      anonymousGotBody: anonymous.body === first.body && anonymous.status === 200,
    })
  }
  return seen
}
