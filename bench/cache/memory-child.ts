import { heapStats } from 'bun:jsc'
import { createCache, decisionKind } from '../../src/cache/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { systemRandom } from '../../src/core/random.ts'
import { makeKeys } from './keys.ts'
import { TTL_MS, VALUE } from './own.ts'
import { PEERS } from './peers.ts'

// Called with a cache's name and a number of entries; prints bytes per entry beyond key and value. Keys
// exist before, and all entries share one value, so that the growth is the cache's own.

const [name = '', count = ''] = process.argv.slice(2)
const entries = Number(count)
const keys = makeKeys(entries)

function usedBytes(): number {
  Bun.gc(true)
  Bun.gc(true)
  return heapStats().heapSize
}

/** Our pools, with or without quotas. */
function fillOwn(tenantShareMax: number): unknown {
  const cache = createCache({
    clock: systemClock,
    random: systemRandom,
    sweepIntervalMs: 0,
    pools: { decisions: { entriesMax: entries, bytesMax: 2 ** 31, tenantShareMax } },
    kinds: {
      permission: decisionKind<string>({ name: 'permission', ttlMs: TTL_MS, sizeOf: () => 64 }),
    },
  })
  const { permission } = cache.kinds
  for (let tenant = 0; tenant < 10; tenant++) {
    const scope = permission.scope(`tenant ${tenant}`, { kind: 'caller', id: 'key_1' })
    for (let at = tenant; at < entries; at += 10) {
      permission.put(scope.named(keys[at]!), { value: VALUE }, cache.position())
    }
  }
  // One more, so that the table of evicted keys exists too.
  permission.put(permission.scope('more', { kind: 'anonymous' }).key(1), { value: VALUE }, 0)
  return cache
}

async function fill(): Promise<unknown> {
  if (name === 'Map') return new Map(keys.map((key) => [key, VALUE]))
  if (name === 'tollgate') return fillOwn(1)
  if (name === 'tollgate with quotas') return fillOwn(0.5)

  const peer = PEERS[name]?.({ keys, capacity: entries })
  if (peer === undefined) throw new RangeError(`no cache is named ${name}`)
  for (let at = 0; at < entries; at++) {
    if (peer.kind === 'sync') peer.set(at)
    else await peer.set(at)
  }
  return peer
}

const before = usedBytes()
const held = await fill()
const used = usedBytes() - before
if (held === undefined) throw new Error('nothing is held')
process.stdout.write(String(used / entries))
process.exit(0)
