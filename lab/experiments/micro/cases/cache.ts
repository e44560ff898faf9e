import {
  createCache,
  permissionKind,
  systemClock,
  systemRandom,
} from '../../../../src/cache/index.ts'
import type { MicroCase, MicroSubject } from '../define.ts'

const ENTRIES = 10_000
const VALUE = 'v'.repeat(64)

/** A decision cache with `ENTRIES` decisions of one caller, and their keys. */
function filledCache() {
  const cache = createCache({
    clock: systemClock,
    random: systemRandom,
    sweepIntervalMs: 0,
    pools: { decisions: { entriesMax: ENTRIES, bytesMax: 2 ** 26, tenantShareMax: 1 } },
    kinds: { permission: permissionKind<string>({ sizeOf: () => VALUE.length }) },
  })
  const { permission } = cache.kinds
  const scope = permission.scope('lab', { kind: 'caller', id: 'key_1' })
  const nowMs = systemClock.monotonicMs()
  const keys = Array.from({ length: ENTRIES }, (_, at) => scope.key(`item:${at}`))
  const put = (at: number): boolean =>
    permission.put(keys[at % ENTRIES]!, { value: VALUE }, cache.position(), nowMs)
  for (let at = 0; at < ENTRIES; at += 1) put(at)
  return { cache, put, get: (at: number) => permission.peek(keys[at % ENTRIES]!, nowMs) }
}

/** Step through the keys, so that neighbors in time are not neighbors in memory. */
const STRIDE = 7919

function subject(operation: 'get' | 'put'): MicroSubject {
  const filled = filledCache()
  let at = 0
  const run = (): unknown => {
    at += STRIDE
    return filled[operation](at)
  }
  return { run, close: () => filled.cache.close() }
}

/** The gate's own cache, with 10,000 decisions in it. */
export const cacheCases: readonly MicroCase[] = [
  { name: 'cache get', prepare: () => subject('get') },
  { name: 'cache set', prepare: () => subject('put') },
]
