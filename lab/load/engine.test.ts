import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabError, createRandom } from '../core/index.ts'
import { defineScenario, resolveScenario } from '../scenario/index.ts'
import type { ScenarioSpec } from '../scenario/index.ts'
import { quietWorld } from '../core/world.fixture.ts'
import { failures, loadOn } from './load.fixture.ts'
import { planLoad, singleRequest } from './plan-load.ts'
import { runLoad } from './run-load.ts'
import { readTarget } from './target.ts'
import { serveWorker } from './worker/server.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function serve(handler: (request: Request) => Promise<Response> | Response): string {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: handler })
  cleanups.push(() => server.stop(true))
  return server.url.href.replace(/\/$/, '')
}

/** A server that answers every request with these bytes, whatever they are. */
function serveRaw(answer: string, thenEnd = false): string {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data: (socket) => {
        socket.write(answer)
        if (thenEnd) socket.end()
      },
    },
  })
  cleanups.push(() => server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

/** A self-signed certificate for `localhost` and its key. */
async function selfSigned(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-lab-'))
  try {
    const keyPath = join(folder, 'key.pem')
    const options =
      '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost'
    const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', keyPath]
    const made = Bun.spawnSync(['openssl', 'req', '-x509', ...options.split(' '), ...names])
    return `${made.stdout.toString()}${await readFile(keyPath, 'utf8')}`
  } finally {
    await rm(folder, { recursive: true })
  }
}

const resolved = async (spec: ScenarioSpec, target: string) =>
  resolveScenario(defineScenario(spec), {
    target,
    environment: {},
    random: createRandom(1),
    readJson: async () => null,
  })

describe('scenarios under load', () => {
  test('requests come in the proportion of their weights, each row filled in', async () => {
    const seen = new Map<string, number>()
    const url = serve((request) => {
      const { pathname } = new URL(request.url)
      seen.set(pathname, (seen.get(pathname) ?? 0) + 1)
      return new Response('ok')
    })
    const scenario = await resolved(
      {
        name: 'mix',
        feeds: { item: { rows: [{ id: 'a b' }, { id: 'c' }] } },
        requests: {
          rare: { path: '/rare', weight: 10 },
          often: { path: '/items/{{item.id}}', weight: 90 },
        },
      },
      url,
    )
    const result = await loadOn(url, { scenario, level: 800, durationMs: 1500 })
    const total = [...seen.values()].reduce((a, b) => a + b, 0)
    expect(failures(result)).toBe(0)
    expect(total).toBe(result.sent)
    expect(seen.get('/rare')! / total).toBeCloseTo(0.1, 1)
    expect(Math.abs(seen.get('/items/a%20b')! - seen.get('/items/c')!)).toBeLessThanOrEqual(1)
    expect(result.requestNames).toEqual(['rare', 'often'])
  })

  test('users carry what an answer gave them to their next request', async () => {
    let next = 0
    const tokens = new Set<string>()
    const wrong: string[] = []
    const enough = new AbortController()
    let right = 0
    const url = serve((request) => {
      if (new URL(request.url).pathname === '/login') {
        const token = `t${(next += 1)}`
        tokens.add(token)
        return Response.json({ session: { token } })
      }
      const given = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
      // Used once: a token that comes again was not this walk's own.
      if (!tokens.delete(given)) wrong.push(given)
      else if ((right += 1) === 60) enough.abort()
      return new Response('mine')
    })
    const scenario = await resolved(
      {
        name: 'session',
        requests: {
          login: {
            method: 'POST',
            path: '/login',
            weight: 0,
            capture: { token: '/session/token' },
          },
          mine: { path: '/mine', headers: { authorization: 'Bearer {{token}}' }, weight: 0 },
        },
        flows: {
          visit: {
            steps: ['login', { request: 'mine', think: { kind: 'constant', ms: 5 } }],
          },
        },
      },
      url,
    )
    const wish = { target: readTarget(url), scenario, model: 'closed', level: 10, seed: 1 } as const
    const result = await runLoad(
      planLoad({ ...wish, durationMs: 60_000 }),
      quietWorld(enough.signal),
    )
    expect(Object.keys(result.failures).filter((kind) => kind !== 'unfinished')).toEqual([])
    expect(right).toBeGreaterThanOrEqual(60)
    expect(wrong).toEqual([])
  })

  test('an answer that is not what it must be is a failure of its own kind', async () => {
    const url = serve(() => Response.json({ id: 1 }, { headers: { 'x-kind': 'a' } }))
    const scenario = await resolved(
      {
        name: 'checks',
        requests: {
          good: {
            path: '/',
            checks: { json: { '/id': 1 }, headers: { 'x-kind': '^a$' }, bodyIncludes: 'id' },
          },
          json: { path: '/', checks: { json: { '/id': 2 } } },
          header: { path: '/', checks: { headers: { 'x-kind': '^b$' } } },
          body: { path: '/', checks: { bodyMatches: '^<' } },
          status: { path: '/', checks: { status: [201, '4xx'] } },
        },
      },
      url,
    )
    const result = await loadOn(url, { scenario, level: 300, durationMs: 1000 })
    expect(Object.keys(result.failures).toSorted()).toEqual([
      'check body',
      'check header x-kind',
      'check json /id',
      'status 200',
    ])
    expect(result.requests[0]!.failed).toBe(0)
    expect(result.requests[0]!.succeeded).toBe(result.requests[0]!.planned)
  })

  test('waves of users come and go', async () => {
    const url = serve(async () => {
      await Bun.sleep(5)
      return new Response('ok')
    })
    const result = await loadOn(url, {
      model: 'closed',
      shape: 'burst',
      level: 40,
      base: 2,
      count: 3,
      durationMs: 6000,
    })
    const inFlight = result.windows.map((window) => window.inFlight)
    // The first wave comes after 1.6 s; the calm between the first two ends at 3.6 s.
    expect(Math.max(...inFlight.slice(0, 6))).toBeLessThanOrEqual(2)
    expect(Math.max(...inFlight)).toBeGreaterThan(30)
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(40)
    expect(Math.min(...inFlight.slice(8, 14))).toBeLessThanOrEqual(2)
    expect(failures(result)).toBe(0)
    // Who comes back is nobody new: a fifth of the time they are all there.
    expect(result.users).toBe(40)
    expect(result.usersMean).toBeCloseTo(0.8 * 2 + 0.2 * 40, 0)
  })

  test('users who rest between the steps of a flow rest for so long on average', async () => {
    const url = serve(() => new Response('ok'))
    const { requests, ...scenario } = singleRequest({ path: '/' })
    const rest = { request: 0, think: { kind: 'constant', ms: 30 } } as const
    const flows = [
      { name: 'one', weight: 3, steps: [{ request: 0 }] },
      { name: 'three', weight: 1, steps: [{ request: 0 }, rest, rest] },
    ]
    const result = await loadOn(url, {
      scenario: { ...scenario, requests, flows },
      model: 'closed',
      level: 2,
      think: { kind: 'exponential', meanMs: 12 },
      durationMs: 300,
    })
    // Four flows of six requests: four rests between flows, two within.
    expect(result.thinkMs).toBeCloseTo((4 * 12 + 2 * 30) / 6, 9)
  })
})

describe('what servers do', () => {
  test('connections that are closed after each answer are opened anew', async () => {
    const url = serveRaw(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
      true,
    )
    const result = await loadOn(url, { level: 100, durationMs: 800 })
    expect(failures(result)).toBe(0)
    expect(result.connectionsOpened).toBeGreaterThanOrEqual(result.sent)
  })

  test('an answer that ends with its connection is complete', async () => {
    const url = serveRaw('HTTP/1.0 200 OK\r\n\r\nall of it', true)
    const result = await loadOn(url, { level: 50, durationMs: 500 })
    expect(failures(result)).toBe(0)
    expect(result.bytesReceived).toBe(9 * result.sent)
  })

  test('an answer that is cut, and one that is no HTTP, are failures', async () => {
    const cut = await loadOn(serveRaw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut', true), {
      level: 50,
      durationMs: 400,
    })
    expect(Object.keys(cut.failures)).toEqual(['closed'])
    expect(cut.requests[0]!.succeeded).toBe(0)
    const odd = await loadOn(serveRaw('220 mail.example ESMTP\r\n'), { level: 50, durationMs: 400 })
    expect(Object.keys(odd.failures)).toEqual(['protocol'])
  })

  test('large bodies go out whole, as fast as the other side takes them', async () => {
    const body = 'x'.repeat(3_000_000)
    const lengths = new Set<number>()
    const url = serve(async (request) => {
      lengths.add((await request.text()).length)
      return new Response('ok')
    })
    const scenario = singleRequest({ method: 'POST', path: '/', body })
    const result = await loadOn(url, { scenario, level: 10, durationMs: 700 })
    expect(failures(result)).toBe(0)
    expect([...lengths]).toEqual([3_000_000])
  })

  test('chunked answers and HEAD are read', async () => {
    const url = serve((request) =>
      request.method === 'HEAD'
        ? new Response(null, { headers: { 'content-length': '99' } })
        : new Response(
            new ReadableStream({
              async start(controller) {
                controller.enqueue(new TextEncoder().encode('one '))
                await Bun.sleep(2)
                controller.enqueue(new TextEncoder().encode('two'))
                controller.close()
              },
            }),
          ),
    )
    const scenario = await resolved(
      {
        name: 'both',
        requests: {
          chunked: { path: '/', checks: { bodyMatches: '^one two$' } },
          head: { method: 'HEAD', path: '/' },
        },
      },
      url,
    )
    expect(failures(await loadOn(url, { scenario, level: 100, durationMs: 700 }))).toBe(0)
  })
})

describe('care', () => {
  test('other machines are refused as targets unless they are allowed', () => {
    expect(() => readTarget('http://example.com/')).toThrow('--allow-remote')
    expect(() => readTarget('http://127.0.0.1.example.com/')).toThrow(LabError)
    expect(() => readTarget('http://127.0.0.1', { addresses: ['10.0.0.1'] })).toThrow(LabError)
    expect(() => readTarget('ftp://127.0.0.1')).toThrow('not an http or https address')
    expect(readTarget('https://example.com/', { allowRemote: true }).port).toBe(443)
    expect(readTarget('http://[::1]:81/').hostnames).toEqual(['::1'])
  })

  test('loads without bounds are refused', () => {
    const wish = {
      target: readTarget('http://127.0.0.1:1'),
      scenario: singleRequest({ path: '/' }),
      level: 10,
      durationMs: 1000,
      seed: 1,
    }
    expect(() => planLoad({ ...wish, durationMs: Infinity })).toThrow(LabError)
    expect(() => planLoad({ ...wish, level: 1e9 })).toThrow(LabError)
    expect(() => planLoad({ ...wish, connectionsMax: 1e9 })).toThrow(LabError)
    expect(() => planLoad({ ...wish, warmUpMs: 1000 })).toThrow('warm-up')
  })

  test('a signal ends a run, and what was under way is counted as unfinished', async () => {
    const giveUp = new AbortController()
    let count = 0
    const url = serve(async () => {
      if ((count += 1) === 10) giveUp.abort()
      await Bun.sleep(60_000)
      return new Response('late')
    })
    const plan = planLoad({
      target: readTarget(url),
      scenario: singleRequest({ path: '/' }),
      level: 50,
      durationMs: 60_000,
      seed: 1,
    })
    const result = await runLoad(plan, quietWorld(giveUp.signal))
    expect(result.aborted).toBe('interrupted')
    expect(result.sent).toBeGreaterThanOrEqual(10)
    expect(result.failures['unfinished']).toBe(result.sent)
  })

  test('a look at the run can end it, and its reason is kept', async () => {
    const url = serve(() => new Response('no', { status: 500 }))
    const result = await loadOn(
      url,
      { level: 100, durationMs: 60_000 },
      { abortWhen: ({ total }) => (total.failed > 10 ? 'too many failures' : undefined) },
    )
    expect(result.aborted).toBe('too many failures')
  })
})

describe('TLS', () => {
  test('a certificate that nobody vouches for is refused, unless one insists', async () => {
    const pem = await selfSigned()
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { key: pem, cert: pem },
      fetch: () => new Response('secret'),
    })
    cleanups.push(() => server.stop(true))
    const url = `https://localhost:${server.port}/`
    const run = async (options: { insecure?: boolean; ca?: string }) => {
      const plan = planLoad({
        target: readTarget(url, options),
        scenario: singleRequest({ path: '/' }),
        level: 50,
        durationMs: 600,
        seed: 1,
      })
      return runLoad(plan, quietWorld())
    }
    expect(Object.keys((await run({})).failures)).toEqual(['tls'])
    expect(failures(await run({ insecure: true }))).toBe(0)
    expect(failures(await run({ ca: pem }))).toBe(0)
  })
})

describe('workers on other machines', () => {
  const token = 'a-token-of-some-length'
  const startWorker = (options: { allowRemote?: boolean } = {}): string => {
    const server = serveWorker({
      hostname: '127.0.0.1',
      port: 0,
      token,
      allowRemote: false,
      ...options,
    })
    cleanups.push(async () => server.stop())
    return server.url
  }

  test('two of them send one plan, and their counts add up', async () => {
    const url = serve(() => new Response('ok'))
    const wish = { level: 200, durationMs: 1000 }
    const alone = await loadOn(url, wish)
    const remote = [startWorker(), startWorker()].map((each) => ({ url: each, token }))
    const result = await loadOn(url, wish, { remote })
    expect(result.workers).toBe(2)
    expect(failures(result)).toBe(0)
    expect(result.requests[0]!.planned).toBe(alone.requests[0]!.planned)
    expect(result.requests[0]!.succeeded).toBe(alone.requests[0]!.succeeded)
  })

  test('without the token nothing is sent', async () => {
    const remote = [{ url: startWorker(), token: 'another-token-of-length' }]
    const run = loadOn('http://127.0.0.1:1', { level: 1, durationMs: 100 }, { remote })
    expect(run).rejects.toThrow('401')
    await run.catch(() => undefined)
  })

  test('another machine is refused as target where the worker runs, whatever the driver allows', async () => {
    const plan = planLoad({
      target: readTarget('http://192.0.2.1/', { allowRemote: true }),
      scenario: singleRequest({ path: '/' }),
      level: 1,
      durationMs: 100,
      seed: 1,
    })
    const remote = [{ url: startWorker(), token }]
    const run = runLoad(plan, quietWorld(), { remote })
    expect(run).rejects.toThrow('--allow-remote')
    await run.catch(() => undefined)
  })

  test('when the driver is gone, the load ends', async () => {
    let count = 0
    const isGoing = Promise.withResolvers<void>()
    const url = serve(() => {
      count += 1
      if (count === 20) isGoing.resolve()
      return new Response('ok')
    })
    const worker = startWorker()
    const plan = planLoad({
      target: readTarget(url),
      scenario: singleRequest({ path: '/' }),
      level: 200,
      durationMs: 60_000,
      seed: 1,
    })
    const authorization = `Bearer ${token}`
    const giveUp = new AbortController()
    const response = await fetch(`${worker}v1/runs`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify({ ...plan, share: { index: 0, count: 1 } }),
      signal: giveUp.signal,
    })
    const reader = response.body!.getReader()
    await reader.read()
    const id = response.headers.get('x-run-id')
    await fetch(`${worker}v1/runs/${id}/go`, { method: 'POST', headers: { authorization } })
    await isGoing.promise
    giveUp.abort()
    await reader.read().catch(() => undefined)
    // Gone for good once its number is free for another run.
    for (let status = 204; status === 204;) {
      await Bun.sleep(20)
      const path = `${worker}v1/runs/${id}/stop`
      status = (await fetch(path, { method: 'POST', headers: { authorization } })).status
    }
    // What it had begun may still arrive; then there is silence, long before the minute is over.
    for (let before = -1; before !== count;) {
      before = count
      await Bun.sleep(300)
    }
  })

  test('a token that could be guessed is refused', () => {
    const options = { hostname: '127.0.0.1', port: 0, allowRemote: false }
    expect(() => serveWorker({ ...options, token: 'short' })).toThrow('16 characters')
  })
})
