import { beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { makeKey, until } from '../../src/server/gate-process.fixture.ts'
import { HEAD, playOrigin, stageGate } from './staged-gate.fixture.ts'

/** What is likely to be asked for next is fetched ahead: as the caller, with its rights, and never beyond. */

setDefaultTimeout(60_000)

/** What the upstream was asked for: path, the caller it was told, and whether it was asked ahead. */
interface Asked {
  readonly path: string
  readonly caller: string | null
  readonly isAhead: boolean
}

/** Steps that are observed before anything is fetched ahead. */
const OBSERVATIONS = 5

let asked: Asked[] = []
const origin = playOrigin(({ url, headers }) => {
  const path = new URL(url).pathname
  const isAhead = headers.get('sec-purpose') === 'prefetch'
  asked.push({ path, caller: headers.get('x-tollgate-caller'), isAhead })
  return new Response(`body of ${path}`, { headers: { 'cache-control': 'max-age=600' } })
})
const gate = await stageGate(
  origin,
  `${HEAD}
bans: { enabled: false }
signals: { expose: [metrics] }
cache: { prefetch: { observations: ${OBSERVATIONS} } }
limits:
  four: { kind: bucket, limit: 4, window: 1h, by: key }
upstreams:
  app: { targets: ['${origin.url}'] }
routes:
  - { id: scene, path: '/scene/{id}', upstream: app, cache: { prefetch: true } }
  - { id: objects, path: '/scene/{id}/objects', upstream: app, cache: { prefetch: true } }
  - { id: secrets, path: '/secrets/{id}', upstream: app, permission: secret:read, cache: { prefetch: true } }
  - { id: start, path: '/start/{id}', upstream: app, cache: { prefetch: true } }
  - { id: limited, path: '/limited/{id}', upstream: app, limits: [four], cache: { prefetch: true } }
  - { id: first, path: '/first/{id}', upstream: app, cache: { prefetch: true } }
  - { id: plain, path: '/plain/{id}', upstream: app, cache: true }
  - { id: after, path: '/plain/{id}/after', upstream: app, cache: true }
  - { id: page, path: '/page/{id}', upstream: app, credentials: [anonymous], cache: { prefetch: true } }
  - { id: parts, path: '/page/{id}/parts', upstream: app, credentials: [anonymous], cache: { prefetch: true } }
`,
)
beforeEach(() => {
  asked = []
})

const get = async (path: string, secret?: string): Promise<string> => {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` }
  const answer = await fetch(`${gate.url}${path}`, { headers })
  await answer.arrayBuffer()
  return `${answer.status} ${/; hit|; fwd=[a-z-]+/.exec(answer.headers.get('cache-status') ?? '')?.[0]}`
}

/** Shows the gate pairs of things that nobody asks for again, one after the other. */
async function show(
  [from, to]: readonly [string, string],
  pairs: number,
  name: string,
  secret?: string,
): Promise<void> {
  for (let at = 0; at < pairs; at += 1) {
    await get(from.replace('{}', `${name}-${at}`), secret)
    await get(to.replace('{}', `${name}-${at}`), secret)
  }
}

/**
 * Runs what shows a sequence for the first time, and waits until everything that was fetched ahead meanwhile
 * has come to its end: one for each pair after those that were needed to learn it.
 */
async function taught(pairs: number, showAll: () => Promise<void>): Promise<void> {
  const endedBefore = endedOf(await stats())
  await showAll()
  const ended = endedBefore + pairs - OBSERVATIONS
  await until(async () => endedOf(await stats()) >= ended)
  expect(endedOf(await stats())).toBe(ended)
}

/** Shows the gate often enough that one path follows the other. */
const teach = async (from: string, to: string, secret?: string): Promise<void> =>
  taught(8, async () => show([from, to], 8, 'taught', secret))

const ahead = (): Asked[] => asked.filter(({ isAhead }) => isAhead)
const stats = async (): Promise<Readonly<Record<string, number>>> => {
  const report = (await (await fetch(`${gate.admin}/performance`)).json()) as {
    readonly prefetch: Readonly<Record<string, number>>
  }
  return report.prefetch
}
/** Whatever became of what was fetched ahead. */
const endedOf = (counts: Readonly<Record<string, number>>): number =>
  ['fetched', 'known', 'pointless', 'refused', 'failed', 'crowded'].reduce(
    (sum, name) => sum + (counts[name] ?? 0),
    0,
  )
const settled = async (before: Readonly<Record<string, number>>, name: string): Promise<unknown> =>
  until(async () => ((await stats())[name] ?? 0) > (before[name] ?? 0))

describe('a sequence that was learned', () => {
  test('is fetched ahead for another caller, as that caller, and is a hit when it asks', async () => {
    const teacher = await makeKey(gate, 'acme', { name: 'teacher' })
    const user = await makeKey(gate, 'beta', { name: 'user' })
    await teach('/scene/{}', '/scene/{}/objects', teacher.secret)
    asked = []
    const before = await stats()
    expect(await get('/scene/7', user.secret)).toBe('200 ; fwd=uri-miss')
    await settled(before, 'fetched')
    expect(ahead()).toEqual([{ path: '/scene/7/objects', caller: user.id, isAhead: true }])
    expect(await get('/scene/7/objects', user.secret)).toBe('200 ; hit')
    expect(asked).toHaveLength(2)
    // It is the caller's own: nobody else is served with it.
    expect(await get('/scene/7/objects', teacher.secret)).toBe('200 ; fwd=uri-miss')
  })

  test('shows its hit ratio', async () => {
    const user = await makeKey(gate, 'beta', { name: 'leaves it unused' })
    const before = await stats()
    await get('/scene/8', user.secret)
    await settled(before, 'fetched')
    const { fetched = 0, used = 0, hitRatio } = await stats()
    expect(fetched).toBeGreaterThan(1)
    expect(hitRatio).toBeCloseTo(used / fetched)
    const metrics = await (await fetch(`${gate.url}/metrics`)).text()
    expect(metrics).toContain(`tollgate_prefetch_total{result="fetched"} ${fetched}`)
    expect(Number(/^tollgate_prefetch_hit_ratio (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0)
  })

  test('what strangers do is learned apart', async () => {
    await teach('/page/{}', '/page/{}/parts')
    asked = []
    const before = await stats()
    await get('/page/9')
    await settled(before, 'fetched')
    expect(ahead().map(({ path }) => path)).toEqual(['/page/9/parts'])
    expect(await get('/page/9/parts')).toBe('200 ; hit')
  })
})

describe('nothing is fetched ahead', () => {
  test('for a caller that would be refused', async () => {
    const reader = await makeKey(gate, 'acme', { name: 'reader', permissions: ['secret:read'] })
    const other = await makeKey(gate, 'acme', { name: 'other' })
    await teach('/start/{}', '/secrets/{}', reader.secret)
    asked = []
    const before = await stats()
    expect(await get('/start/1', other.secret)).toBe('200 ; fwd=uri-miss')
    await settled(before, 'refused')
    expect(asked).toEqual([{ path: '/start/1', caller: other.id, isAhead: false }])
    expect(await get('/secrets/1', other.secret)).toStartWith('403')
  })

  test('for a caller that was revoked', async () => {
    const user = await makeKey(gate, 'acme', { name: 'leaves' })
    const before = await stats()
    await get('/scene/20', user.secret)
    await settled(before, 'fetched')
    await gate.json('POST', `/v1/tenants/acme/keys/${user.id}/revoke`)
    asked = []
    expect(await get('/scene/21', user.secret)).toStartWith('401')
    expect(await get('/scene/20/objects', user.secret)).toStartWith('401')
    expect(asked).toEqual([])
  })

  test('beyond what the limits of the caller would admit, and nothing is taken of them', async () => {
    const user = await makeKey(gate, 'acme', { name: 'limited' })
    const teachers = await Promise.all(
      ['a', 'b', 'c'].map((name) => makeKey(gate, 'acme', { name })),
    )
    await taught(9, async () => {
      for (const { id, secret } of teachers) await show(['/first/{}', '/limited/{}'], 3, id, secret)
    })
    // Ten are fetched ahead, and none of them counts.
    for (let at = 0; at < 10; at += 1) {
      const before = await stats()
      await get(`/first/${at}`, user.secret)
      await settled(before, 'fetched')
    }
    for (let at = 0; at < 4; at += 1) {
      expect(await get(`/limited/${at}`, user.secret)).toBe('200 ; hit')
    }
    expect(await get('/limited/5', user.secret)).toStartWith('429')
    asked = []
    const before = await stats()
    await get('/first/99', user.secret)
    await settled(before, 'refused')
    expect(ahead()).toEqual([])
  })

  test('unless routes ask for it', async () => {
    const user = await makeKey(gate, 'acme', { name: 'plain' })
    await show(['/plain/{}', '/plain/{}/after'], 8, 'taught', user.secret)
    asked = []
    await get('/plain/1', user.secret)
    expect(await get('/plain/1/after', user.secret)).toBe('200 ; fwd=uri-miss')
    expect(ahead()).toEqual([])
  })
})
