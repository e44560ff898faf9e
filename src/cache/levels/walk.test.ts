import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import type { Folder } from '../../storage/contract/folder.ts'
import { makeFolder } from '../../storage/contract/folder.ts'
import { openRedis, openRedisStream, parsePosition, STREAM_DEFAULTS } from '../../storage/index.ts'
import type { RedisServer } from '../../storage/redis/redis-server.fixture.ts'
import {
  hasRedisServer,
  startRedisServer,
  until,
} from '../../storage/redis/redis-server.fixture.ts'
import { createInvalidationBus } from '../bus/invalidation-bus.ts'
import { createCache } from '../cache.ts'
import type { Name } from '../contract.ts'
import { openDiskLevel } from '../disk/disk-level.ts'
import type { LoadContext } from '../fills/load.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import { patternName } from '../keys/prefixes.ts'
import { contentKind, decisionKind } from '../kinds/kind.ts'
import { createRedisLevel } from '../redis/redis-level.ts'

/**
 * Memory, disk, Redis and the bus together, in three instances, against a model: what an answer must be at
 * least, by the revocations that the instance that was asked knows of.
 */

const DECISION_TTL_MS = 150
const INSTANCES = 3
const KEYS = 6
const KINDS = ['permission', 'page'] as const

interface Choice {
  readonly instance: number
  readonly kind: (typeof KINDS)[number]
  readonly key: number
}
type How = 'key' | 'tag' | 'named' | 'tenant' | 'parts' | 'kind' | 'policy' | 'every policy' | 'all'
type Step =
  | (Choice & {
      readonly do: 'ask'
      /** Turns before and after the load reads. */
      readonly turns: readonly [before: number, after: number]
      readonly outcome: 'kept' | 'private' | 'negative' | 'fails'
      readonly leavesAfterMs: number | undefined
    })
  | (Choice & { readonly do: 'revoke'; readonly how: How })
  | (Choice & { readonly do: 'evict' | 'restart' })
  | { readonly do: 'wait'; readonly turns: number }
  | { readonly do: 'flush' }

const choice = {
  instance: fc.nat(INSTANCES - 1),
  kind: fc.constantFrom(...KINDS),
  key: fc.nat(KEYS - 1),
}
const turns = fc.nat(9)
const hows = fc.constantFrom<How>(
  'key',
  'tag',
  'named',
  'tenant',
  'parts',
  'kind',
  'policy',
  'every policy',
  'all',
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 70,
    arbitrary: fc.record({
      ...choice,
      do: fc.constant('ask' as const),
      turns: fc.tuple(turns, turns),
      outcome: fc.constantFrom('kept', 'kept', 'kept', 'kept', 'private', 'negative', 'fails'),
      leavesAfterMs: fc.option(fc.nat(3), { nil: undefined, freq: 12 }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ ...choice, do: fc.constant('revoke' as const), how: hows }),
  },
  { weight: 5, arbitrary: fc.record({ ...choice, do: fc.constant('evict' as const) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('wait' as const), turns }) },
  { weight: 1, arbitrary: fc.record({ ...choice, do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
)

const codec = {
  encode: (version: number) => new TextEncoder().encode(String(version)),
  decode: (bytes: Uint8Array) => Number(new TextDecoder().decode(bytes)),
}
const spec = { patternDepth: 1, sizeOf: () => 8, codec }

async function startInstance(server: RedisServer, name: string, folder: string) {
  const clock = systemClock
  const random = systemRandom
  const redis = await openRedis({ ...server.options(), prefix: name }, { clock })
  const stream = openRedisStream({ ...STREAM_DEFAULTS, redis, clock, random, name })
  const bus = createInvalidationBus(stream, random)
  const level = createRedisLevel({ redis, clock, bus, entryBytesMax: 65_536 })
  const disk = await openDiskLevel({
    folder,
    bytesMax: 1_048_576,
    entryBytesMax: 65_536,
    accepts: () => true,
    clock,
    random,
  })
  await until(() => bus.isTrusted(), 'being up to date')
  const cache = createCache({
    clock,
    random,
    levels: [disk, level],
    publisher: bus,
    sweepIntervalMs: 20,
    limits: { leaderTimeoutMs: 10 },
    kinds: {
      permission: decisionKind<number>({
        ...spec,
        name: 'permission',
        ttlMs: DECISION_TTL_MS,
        isPolicyBound: true,
      }),
      page: contentKind<number>({
        ...spec,
        name: 'page',
        ttlMs: 30,
        staleWhileRevalidateMs: 60,
        staleIfErrorMs: 300,
      }),
    },
  })
  bus.start(cache, disk.lastSequence() ?? 'unknown')
  return {
    cache,
    position: () => parsePosition(bus.history.position() ?? ''),
    async end() {
      const position = bus.history.position()
      if (position !== undefined && stream.isLive()) await disk.mark(position)
      cache.close()
      await level.close()
      bus.close()
      await stream.close()
      await disk.close()
      await redis.close()
    },
  }
}

type Instance = Awaited<ReturnType<typeof startInstance>>

const idOf = (kind: string, key: number): string => `${kind} ${key}`
const tenantOf = (key: number): string => `tenant ${key % 2}`
const audienceOf = (key: number) => ({ kind: 'caller', id: `key_${key % 3}` }) as const
const kindOf = ({ cache }: Instance, kind: Choice['kind']) =>
  kind === 'page' ? cache.kinds.page : cache.kinds.permission
const keyOf = (instance: Instance, { kind, key }: Choice): CacheKey =>
  kindOf(instance, kind).scope(tenantOf(key), audienceOf(key)).key(`thing ${key}`, 'read')

/** What a revocation is called, and whom it hits. */
function namedBy(how: How, at: Choice, instance: Instance): readonly [Name, readonly string[]] {
  const { kind, key } = at
  const hit = (holds: (key: number) => boolean, kinds: readonly string[] = KINDS) =>
    kinds.flatMap((kind) =>
      Array.from({ length: KEYS }, (_, at) => at)
        .filter(holds)
        .map((key) => idOf(kind, key)),
    )
  const isSame = (other: number): boolean => other === key
  const isOfTenant = (other: number): boolean => tenantOf(other) === tenantOf(key)
  const pattern = { kind, tenant: tenantOf(key), audience: audienceOf(key) }
  const names: Readonly<Record<How, readonly [Name, readonly string[]]>> = {
    key: [{ kind: 'key', name: keyOf(instance, at).text }, hit(isSame, [kind])],
    tag: [{ kind: 'tag', name: `thing ${key}` }, hit(isSame)],
    named: [{ kind: 'tag', name: `besides ${key}` }, hit(isSame)],
    tenant: [{ kind: 'tenant', name: tenantOf(key) }, hit(isOfTenant)],
    parts: [patternName({ ...pattern, parts: [`thing ${key}`] }), hit(isSame, [kind])],
    kind: [patternName({ kind }), hit(() => true, [kind])],
    policy: [{ kind: 'policy', name: tenantOf(key) }, hit(isOfTenant, ['permission'])],
    'every policy': [{ kind: 'policy', name: '' }, hit(() => true, ['permission'])],
    all: [{ kind: 'all', name: '' }, hit(() => true)],
  }
  return names[how]
}

const pass = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn += 1) {
    if (turns < 4) await Promise.resolve()
    else if (turns < 8) await new Promise((resolve) => setImmediate(resolve))
    else await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

interface Revocation {
  readonly id: string
  readonly version: number
  /** Where it holds from the call on; -1 once that instance is no more. */
  by: number
  /** Of its entry in the stream, or of a later one. */
  position: { readonly era: string; readonly sequence: number } | undefined
}

/** What is true, and what each instance must know of it. */
function createModel(positionOf: (instance: number) => ReturnType<Instance['position']>) {
  const versions = new Map<string, number>()
  const lastReadMs = new Map<string, number>()
  const revocations: Revocation[] = []
  const eras: string[] = []
  return {
    eras,
    revocations,
    version: (id: string): number => versions.get(id) ?? 0,
    change(ids: readonly string[], by: number): Revocation[] {
      const changed = ids.map((id) => {
        const version = (versions.get(id) ?? 0) + 1
        versions.set(id, version)
        return { id, version, by, position: undefined }
      })
      revocations.push(...changed)
      return changed
    },
    wasRead(id: string, version: number, startedMs: number): void {
      const name = `${id} ${version}`
      lastReadMs.set(name, Math.max(lastReadMs.get(name) ?? 0, startedMs))
    },
    /** The end of the last answer that says so, were it kept as long as it may. */
    endMs: (id: string, version: number): number =>
      (lastReadMs.get(`${id} ${version}`) ?? -Infinity) + DECISION_TTL_MS,
    /** The version that an instance must not fall behind now. */
    least(instance: number, id: string): number {
      const heard = positionOf(instance)
      const isKnown = ({ by, position }: Revocation): boolean => {
        if (by === instance) return true
        if (heard === undefined || position === undefined) return false
        return position.era === heard.era
          ? heard.sequence >= position.sequence
          : eras.indexOf(heard.era) > eras.indexOf(position.era)
      }
      const known = revocations.filter((each) => each.id === id && isKnown(each))
      return Math.max(0, ...known.map(({ version }) => version))
    },
  }
}

async function walk(server: RedisServer, name: string, steps: readonly Step[], folders: Folder[]) {
  const start = async (at: number): Promise<Instance> =>
    startInstance(server, name, folders[at]!.path)
  const instances = await Promise.all(folders.map(async (_, at) => start(at)))
  const model = createModel((at) => instances[at]!.position())
  const wrong: string[] = []
  let underWay: Promise<void>[] = []

  const ask = async (at: Step & { do: 'ask' }): Promise<void> => {
    const id = idOf(at.kind, at.key)
    const least = model.least(at.instance, id)
    const askedMs = systemClock.monotonicMs()
    const leaving = new AbortController()
    if (at.leavesAfterMs !== undefined) setTimeout(() => leaving.abort(), at.leavesAfterMs)
    const instance = instances[at.instance]!
    const key = keyOf(instance, at)
    const load = async ({ dependsOn }: LoadContext<number>) => {
      dependsOn({ kind: 'tag', name: `besides ${at.key}` })
      const startedMs = systemClock.monotonicMs()
      await pass(at.turns[0])
      const value = model.version(id)
      await pass(at.turns[1])
      if (at.outcome === 'fails') throw new Error('storage is gone')
      model.wasRead(id, value, startedMs)
      return {
        value,
        tags: [`thing ${at.key}`],
        isCacheable: at.outcome !== 'private',
        isNegative: at.outcome === 'negative',
      }
    }
    try {
      const version = await kindOf(instance, at.kind).getOrLoad(key, load, leaving.signal)
      if (version < least) wrong.push(`${id} is ${version}, at least ${least} is known`)
      if (at.kind === 'permission' && askedMs >= model.endMs(id, version)) {
        wrong.push(`${id} is ${version} past its bound`)
      }
    } catch {
      // Loads fail and callers leave: that is no answer.
    }
  }
  const revoke = async (at: Step & { do: 'revoke' }): Promise<void> => {
    const instance = instances[at.instance]!
    const [revoked, ids] = namedBy(at.how, at, instance)
    const reached = instance.cache.invalidate(revoked)
    const changed = model.change(ids, at.instance)
    const isAccepted = await reached.then(
      () => true,
      () => false,
    )
    const state = `${name}:{${name}}:state`
    const [era, sequence] = (await server.command('HMGET', state, 'era', 'seq')) as string[]
    if (!isAccepted || !era) return
    if (!model.eras.includes(era)) model.eras.push(era)
    for (const each of changed) each.position = { era, sequence: Number(sequence) }
  }
  const restart = async ({ instance: at }: Choice): Promise<void> => {
    await Promise.all(underWay)
    await instances[at]!.end()
    for (const each of model.revocations) if (each.by === at) each.by = -1
    instances[at] = await start(at)
  }

  for (const each of steps) {
    if (each.do === 'ask') underWay.push(ask(each))
    else if (each.do === 'revoke') underWay.push(revoke(each))
    else if (each.do === 'wait') await pass(each.turns)
    else if (each.do === 'restart') await restart(each)
    else if (each.do === 'flush') await server.command('FLUSHALL')
    else instances[each.instance]!.cache.memory.delete(keyOf(instances[each.instance]!, each))
    if (underWay.length >= 40) {
      await underWay[0]
      underWay = underWay.slice(1)
    }
  }
  await Promise.all(underWay)
  await Promise.all(instances.map(async (instance) => instance.end()))
  return wrong
}

describe.skipIf(!hasRedisServer)('memory, disk, Redis and the bus together', () => {
  let server: RedisServer
  let walks = 0
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(async () => server.end())

  test('answer nothing that was revoked, nor a decision past its bound, and leave nobody waiting', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 250, maxLength: 350 }), async (steps) => {
        const folders = Array.from({ length: INSTANCES }, () => makeFolder())
        const wrong = await walk(server, `walk-${(walks += 1)}`, steps, folders)
        for (const folder of folders) folder.remove()
        expect(wrong).toEqual([])
      }),
      { numRuns: 5, endOnFailure: true },
    )
  }, 60_000)
})
