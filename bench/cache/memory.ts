import { join } from 'node:path'
import type { Options } from './options.ts'
import { PEERS } from './peers.ts'
import type { RedisServer } from './redis.ts'

/** Bytes per entry beyond its key and value. */
export interface MemoryRow {
  readonly cache: string
  readonly entries: number
  readonly bytesPerEntry: number
}

const CHILD = join(import.meta.dir, 'memory-child.ts')

/** Fills each cache in a process of its own, so that none sees another's garbage. */
export async function measureMemory(
  options: Options,
  redis: RedisServer | undefined,
  say: (text: string) => void,
): Promise<MemoryRow[]> {
  const entries = options.isQuick ? 100_000 : 1_000_000
  const rows: MemoryRow[] = []
  for (const cache of ['Map', 'tollgate', 'tollgate with quotas', ...Object.keys(PEERS).slice(2)]) {
    say(`memory: ${entries} entries, ${cache}`)
    const child = Bun.spawn([process.execPath, CHILD, cache, String(entries)], {
      stderr: 'inherit',
    })
    const text = await new Response(child.stdout).text()
    if ((await child.exited) !== 0) throw new Error(`measuring the memory of ${cache} failed`)
    rows.push({ cache, entries, bytesPerEntry: Number(text) })
  }
  if (redis !== undefined) rows.push(await redisMemory(redis, Math.min(entries, 100_000)))
  return rows
}

const KEY_BYTES = 64
const VALUE_BYTES = 64

async function redisMemory(redis: RedisServer, entries: number): Promise<MemoryRow> {
  const { makeKeys } = await import('./keys.ts')
  await redis.flush()
  const before = await redis.usedBytes()
  const peer = await redis.peer(makeKeys(entries))
  if (peer.kind === 'async') {
    const batch = 1000
    for (let at = 0; at < entries; at += batch) {
      await Promise.all(Array.from({ length: batch }, (_, next) => peer.set(at + next)))
    }
  }
  const used = (await redis.usedBytes()) - before
  await peer.close()
  return { cache: 'Redis', entries, bytesPerEntry: used / entries - KEY_BYTES - VALUE_BYTES }
}
