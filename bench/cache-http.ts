/**
 * Checks what HTTP caching promises, through a whole gate with a slow origin behind it: a hundred requests for one
 * cold URL, the same for an uncacheable one, reads of stale responses, and an origin that fails. Exits with
 * status 1 if a promise is not kept.
 *
 *     node bin/bun.mjs bench/cache-http.ts
 */
import { makeFolder, removeFolder, startGateProcess } from '../src/server/gate-process.fixture.ts'
import { quantile } from './gate/statistics.ts'

const LATENCY_MS = 200
const AT_ONCE = 100
const ROUNDS = 10
const STALE_READS = 300

const hits = new Map<string, number>()
let isFailing = false

/** The Cache-Control of each path; `/failing` begins to fail later. */
const CONTROLS: Readonly<Record<string, string>> = {
  cold: 'max-age=60',
  private: 'private, max-age=60',
  stale: 'max-age=0, stale-while-revalidate=600',
  failing: 'max-age=0, stale-if-error=600',
}

const origin = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { pathname } = new URL(request.url)
    hits.set(pathname, (hits.get(pathname) ?? 0) + 1)
    const [, name = ''] = pathname.split('/')
    if (name === 'failing' && isFailing) return new Response('no', { status: 503 })
    await Bun.sleep(LATENCY_MS)
    return new Response('x'.repeat(1000), {
      headers: { 'cache-control': CONTROLS[name] ?? 'no-store', etag: '"a"' },
    })
  },
})
const gate = await startGateProcess(
  makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [] }
upstreams: { app: { targets: ['${origin.url.origin}'] } }
routes:
  - id: everything
    path: /{rest...}
    credentials: [anonymous]
    upstream: app
    cache: true
`),
)

async function read(path: string): Promise<{ readonly status: number; readonly ms: number }> {
  const begunMs = performance.now()
  const response = await fetch(gate.url + path, { headers: { 'accept-encoding': 'identity' } })
  await response.bytes()
  return { status: response.status, ms: performance.now() - begunMs }
}

/** The slowest of many simultaneous requests, in multiples of the origin's latency, and how often it was asked. */
async function crowd(
  name: string,
): Promise<{ readonly latencies: number; readonly asked: number }> {
  const slowest: number[] = []
  let asked = 0
  for (let round = 0; round < ROUNDS; round++) {
    const path = `/${name}/${round}`
    const made = await Promise.all(Array.from({ length: AT_ONCE }, () => read(path)))
    slowest.push(Math.max(...made.map(({ ms }) => ms)))
    asked = Math.max(asked, hits.get(path) ?? 0)
  }
  return { latencies: quantile(Float64Array.from(slowest).sort(), 0.5) / LATENCY_MS, asked }
}

async function times(path: string, count: number): Promise<Float64Array> {
  const taken = new Float64Array(count)
  for (let at = 0; at < count; at++) taken[at] = (await read(path)).ms
  return taken.sort()
}

try {
  await Promise.all(Array.from({ length: AT_ONCE }, () => read('/warm')))
  const cold = await crowd('cold')
  // All wait for the first one and then ask at once: twice the latency. From then on none waits.
  const firstPrivate = await crowd('private')
  const nextPrivate = await crowd('private')
  await read('/stale')
  const stale = await times('/stale', STALE_READS)
  await read('/failing')
  isFailing = true
  const { status } = await read('/failing')
  const p95Ms = quantile(stale, 0.95)
  const kept = [
    cold.asked === 1 && cold.latencies <= 1.3,
    nextPrivate.latencies <= 1.3 && firstPrivate.latencies <= 2.6,
    p95Ms < 5,
    status === 200,
  ]
  process.stdout.write(
    [
      `a cold URL, ${AT_ONCE} at once: ${cold.asked} for the upstream; the last has it after ${cold.latencies.toFixed(2)} × ${LATENCY_MS} ms (median of ${ROUNDS})`,
      `uncacheable, ${AT_ONCE} at once: ${firstPrivate.latencies.toFixed(2)} × when it is not known yet, ${nextPrivate.latencies.toFixed(2)} × from then on`,
      `stale while it is revalidated: ${quantile(stale, 0.5).toFixed(2)} ms (p50), ${p95Ms.toFixed(2)} ms (p95), ${stale.at(-1)?.toFixed(2)} ms (max) of ${STALE_READS}`,
      `stale-if-error: ${status} where the upstream answers 503`,
      kept.every(Boolean)
        ? 'all kept'
        : `not kept: ${kept.map((each, at) => (each ? '' : at + 1)).join(' ')}`,
      '',
    ].join('\n'),
  )
  process.exitCode = kept.every(Boolean) ? 0 : 1
} finally {
  await gate.stop()
  removeFolder(gate.folder)
  await origin.stop(true)
}
