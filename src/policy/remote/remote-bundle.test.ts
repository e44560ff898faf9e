import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anonymousCaller, newCaller } from '../../core/caller.ts'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import type { BundleOptions, PolicySources } from '../bundle/sources.ts'
import { writeBundle } from '../bundle/sources.ts'
import { writeTar } from '../bundle/tar.ts'
import { policiesConfig } from '../decider/config.ts'
import type { Deciders } from '../decider/deciders.ts'
import { createDeciders } from '../decider/deciders.ts'
import type { RequestFacts } from '../decider/facts.ts'
import type { BundleServer } from './bundle-server.fixture.ts'
import { sourcesFor, startBundleServer } from './bundle-server.fixture.ts'
import { createFolderShelf } from './shelf.ts'

let folder: string
let server: BundleServer
const open: Deciders[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-remote-'))
  server = startBundleServer()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (deciders) => deciders.close()))
  await server.stop()
  rmSync(folder, { recursive: true })
})

const FAST = { minDelay: '5ms', maxDelay: '20ms' }

/** The events of policies, in order; each is awaited once. */
class Happenings {
  readonly #all: string[] = []
  readonly #waiting: (() => void)[] = []
  add(what: string): void {
    this.#all.push(what)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
  async next(pattern: RegExp): Promise<string> {
    for (;;) {
      const at = this.#all.findIndex((what) => pattern.test(what))
      if (at !== -1) return this.#all.splice(0, at + 1).at(-1) ?? ''
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
  }
}

function make(bundle: object = {}, more: object = {}) {
  const happened = new Happenings()
  const config = policiesConfig.parse({
    p: { entry: 'data.app.allow', bundle: { url: server.url, ...FAST, ...bundle }, ...more },
  })
  const { deciders, problems } = createDeciders(config, {
    clock: systemClock,
    random: systemRandom,
    keep: {},
    folder,
    onFailure: () => undefined,
    onChange: () => undefined,
    onLoaded: (policy, revision) => happened.add(`${policy} loaded ${revision}`),
    onRefused: (policy, failure) => happened.add(`${policy} refused: ${failure}`),
    onLoss: () => undefined,
  })
  open.push(deciders)
  const decider = deciders.get('p')
  const decide = (tenantId: string) => {
    if (decider === undefined) throw new Error('there is no policy')
    return decider.decide(factsOf(tenantId), false)
  }
  return { deciders, decide, problems, happened, status: () => deciders.status()[0] }
}

const factsOf = (tenantId: string): RequestFacts => ({
  caller: newCaller({ ...anonymousCaller, tenantId }),
  method: 'GET',
  path: '/',
  query: '',
  request: { headers: new Headers() },
  parameters: undefined,
  body: undefined,
  address: '192.0.2.1',
  nowMs: 1,
  requestId: 'req_1',
  route: { id: 'r' },
})

const bundleOf = (tenant: string, revision: string, options: BundleOptions = {}): Uint8Array =>
  writeBundle(sourcesFor(tenant, revision), { revision, ...options })

async function loaded(tenant = 'acme', bundle: object = {}) {
  server.serve(bundleOf(tenant, 'r1'), '"1"')
  const made = make(bundle)
  made.deciders.start()
  await made.happened.next(/loaded r1/)
  return made
}

test('until a bundle has come everything is refused; then the policy decides', async () => {
  server.serve(bundleOf('acme', 'r1'), '"1"')
  const { deciders, decide, happened, status, problems } = make()
  expect(problems).toEqual([])
  expect(decide('acme')).toMatchObject({
    allowed: false,
    rule: expect.stringContaining('not been loaded'),
  })
  expect(status()).toMatchObject({ source: 'server', revision: null })
  deciders.start()
  await happened.next(/loaded r1/)
  expect(decide('acme')).toMatchObject({ allowed: true, rule: 'policy p (revision r1) allows' })
  expect(decide('other').allowed).toBe(false)
  expect(status()).toMatchObject({ revision: 'r1', failure: null })
})

test('the server is asked again with the ETag, and 304 changes nothing', async () => {
  const { decide, status } = await loaded()
  let request = await server.nextRequest()
  while (request.etag === null) request = await server.nextRequest()
  expect(request.etag).toBe('"1"')
  await server.nextRequest()
  expect(decide('acme').allowed).toBe(true)
  expect(status()).toMatchObject({ revision: 'r1', failure: null, checkedAtMs: expect.any(Number) })
})

test('a new bundle takes the place of the old one as a whole', async () => {
  const { decide, happened } = await loaded()
  server.serve(bundleOf('other', 'r2'), '"2"')
  await happened.next(/loaded r2/)
  expect([decide('acme').allowed, decide('other').allowed]).toEqual([false, true])
})

describe('the last good bundle decides on when the server', () => {
  const broken: readonly (readonly [string, () => Uint8Array | Response, RegExp])[] = [
    ['sends half a bundle', () => bundleOf('x', 'r2').subarray(0, 100), /damaged|cut short/],
    [
      'sends what is no bundle',
      () => Buffer.from('<html>'.repeat(200)),
      /invalid header|not a tar archive/,
    ],
    [
      'sends a policy that does not compile',
      () =>
        writeBundle({ ...sourcesFor('x', 'r2'), modules: { 'a.rego': 'package app\nallow if x' } }),
      /a\.rego:2:10: rego_unsafe_var_error/,
    ],
    [
      'sends a policy without the rule that is asked',
      () => writeBundle({ ...sourcesFor('x', 'r2'), modules: { 'a.rego': 'package other' } }),
      /no rule is called data\.app\.allow/,
    ],
    [
      'sends data outside of its roots',
      () =>
        Bun.gzipSync(
          new Uint8Array(
            writeTar([
              { name: '.manifest', bytes: Buffer.from('{"roots": ["app"]}') },
              { name: 'data.json', bytes: Buffer.from('{"other": 1}') },
            ]),
          ),
        ),
      /data\.other is outside the roots/,
    ],
    [
      'sends changes to what is not there',
      () => deltaOf([{ op: 'replace', path: '/nowhere', value: 1 }]),
      /nowhere/,
    ],
    ['refuses', () => new Response('secret words', { status: 403 }), /answered 403$/],
    ['fails', () => new Response(null, { status: 500 }), /answered 500$/],
    ['sends elsewhere', () => Response.redirect('http://127.0.0.1:1/', 302), /answered 302$/],
  ]
  test.each(broken)('%s', async (_what, make2, failure) => {
    const { decide, happened, status } = await loaded()
    server.answer(() => {
      const body = make2()
      return body instanceof Response ? body : new Response(new Uint8Array(body))
    })
    expect(await happened.next(/refused/)).toMatch(failure)
    expect(decide('acme')).toMatchObject({ allowed: true, rule: 'policy p (revision r1) allows' })
    expect(status()).toMatchObject({ revision: 'r1', failure: expect.stringMatching(failure) })
    server.serve(bundleOf('other', 'r3'), '"3"')
    await happened.next(/loaded r3/)
    expect(decide('other').allowed).toBe(true)
  })

  test('is killed, and the one in its place is asked when it is there', async () => {
    const { decide, happened } = await loaded()
    const port = Number(new URL(server.url).port)
    await server.stop()
    expect(await happened.next(/refused/)).toContain('refuses connections')
    expect(decide('acme').allowed).toBe(true)
    server = startBundleServer(port)
    server.serve(bundleOf('other', 'r2'), '"2"')
    await happened.next(/loaded r2/)
    expect(decide('other').allowed).toBe(true)
  })

  test('does not answer in time', async () => {
    const { decide, happened } = await loaded('acme', { timeout: '100ms' })
    server.answer(async () => new Promise<Response>(() => undefined))
    expect(await happened.next(/refused/)).toContain('no answer within')
    expect(decide('acme').allowed).toBe(true)
  })
})

describe('sizes are bounded', () => {
  test('of what is sent, whether the server says so or not', async () => {
    const large = new Uint8Array(200_000)
    server.answer(() => new Response(large))
    const said = make({ sizeMax: '100KiB' })
    said.deciders.start()
    expect(await said.happened.next(/refused/)).toContain('larger than 102400 bytes')
    server.answer(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              controller.enqueue(large)
            },
          }),
        ),
    )
    const unsaid = make({ sizeMax: '100KiB' })
    unsaid.deciders.start()
    expect(await unsaid.happened.next(/refused/)).toContain('larger than 102400 bytes')
  })

  test('of what it unpacks to: a small bundle cannot fill the memory', async () => {
    server.answer(() => new Response(Bun.gzipSync(new Uint8Array(32 * 1024 * 1024))))
    const { deciders, happened } = make({ unpackedMax: '1MiB' })
    deciders.start()
    expect(await happened.next(/refused/)).toContain('larger than 1048576 bytes unpacked')
  })
})

describe('the newest good bundle is kept on disk', () => {
  test('a restart without the server decides as before', async () => {
    await loaded()
    await open.splice(0)[0]?.close()
    await server.stop()
    const again = make()
    expect(again.decide('acme')).toMatchObject({
      allowed: true,
      rule: 'policy p (revision r1) allows',
    })
    expect(again.status()).toMatchObject({ revision: 'r1', checkedAtMs: null })
  })

  test('with its ETag: the server need not send it again', async () => {
    await loaded()
    await open.splice(0)[0]?.close()
    const again = make()
    again.deciders.start()
    expect((await server.nextRequest()).etag).toBe('"1"')
  })

  test('it is for its URL alone, and one that was damaged is not used', async () => {
    await loaded()
    await open.splice(0)[0]?.close()
    expect(make({ url: `${server.url}?other` }).decide('acme').allowed).toBe(false)
    const [file = ''] = readdirSync(join(folder, 'bundles'))
    const path = join(folder, 'bundles', file)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length - 1))
    expect(make().decide('acme').allowed).toBe(false)
    writeFileSync(path, 'x')
    expect(make().decide('acme').allowed).toBe(false)
  })

  test('it is verified again when it is read', async () => {
    await loaded()
    await open.splice(0)[0]?.close()
    const key = { algorithm: 'HS256', key: 'a secret of some length' }
    const { decide, deciders } = make({ verify: { keys: { k: key } } })
    expect(decide('acme').allowed).toBe(false)
    deciders.start()
    expect((await server.nextRequest()).etag).toBeNull()
  })

  test('by its owner alone', async () => {
    const shelf = createFolderShelf(join(folder, 'own'))
    const bundle = { url: 'u', etag: undefined, fetchedAtMs: 1, archives: [Buffer.from('a')] }
    await shelf.save('p', bundle)
    expect(shelf.load('p')).toMatchObject({ url: 'u', etag: undefined })
    expect(readdirSync(join(folder, 'own'))).toEqual(['p.bundle'])
  })
})

describe('signatures', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signing = {
    algorithm: 'ES256',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  } as const
  const verify = {
    keys: {
      k: { algorithm: 'ES256', key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    },
  }

  test('a signed bundle is taken, one that is not signed or signed otherwise never is', async () => {
    server.serve(bundleOf('acme', 'r1', { signing }), '"1"')
    const { deciders, decide, happened } = make({ verify })
    deciders.start()
    await happened.next(/loaded r1/)
    server.serve(bundleOf('evil', 'r2'), '"2"')
    expect(await happened.next(/refused/)).toContain('the bundle is not signed')
    const other = { algorithm: 'HS256', key: 'a secret of some length' } as const
    server.serve(bundleOf('evil', 'r3', { signing: other }), '"3"')
    expect(await happened.next(/refused/)).toContain('the signature of the bundle is invalid')
    expect([decide('evil').allowed, decide('acme').allowed]).toEqual([false, true])
  })
})

const LONG = 'application/vnd.openpolicyagent.bundles'

/** A compressed archive of changes. */
function deltaOf(data: readonly object[], revision = 'd1'): Uint8Array {
  const file = (name: string, value: unknown) => ({
    name,
    bytes: Buffer.from(JSON.stringify(value)),
  })
  const archive = writeTar([file('/.manifest', { revision }), file('/patch.json', { data })])
  return Bun.gzipSync(new Uint8Array(archive))
}

describe('long polling', () => {
  test('the server is asked to wait, and what it then says is in force at once', async () => {
    const polling = { longPolling: '30s', minDelay: '1h', maxDelay: '1h' }
    let release: (response: Response) => void = () => undefined
    server.serve(bundleOf('acme', 'r1'), '"1"', LONG)
    const { deciders, decide, happened } = make(polling)
    deciders.start()
    await happened.next(/loaded r1/)
    server.answer(
      async () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )
    const waiting = await server.nextRequest()
    expect(waiting).toMatchObject({ etag: '"1"', prefer: 'modes=snapshot,delta;wait=30' })
    const headers = { etag: '"2"', 'content-type': LONG }
    release(new Response(new Uint8Array(bundleOf('other', 'r2')), { headers }))
    await happened.next(/loaded r2/)
    expect(decide('other').allowed).toBe(true)
  })

  test('a server that does not wait is asked at the usual pace', async () => {
    server.serve(bundleOf('acme', 'r1'), '"1"')
    const { deciders, happened } = make({ longPolling: '30s', minDelay: '1h', maxDelay: '1h' })
    deciders.start()
    await happened.next(/loaded r1/)
    expect(server.seen).toHaveLength(1)
  })
})

test('changes are taken instead of a whole bundle, and outlive a restart', async () => {
  const { decide, happened } = await loaded()
  const delta = deltaOf([
    { op: 'replace', path: '/tenant', value: 'other' },
    { op: 'upsert', path: '/more/deep', value: 1 },
  ])
  server.serve(delta, '"2"')
  await happened.next(/loaded d1/)
  expect(decide('other')).toMatchObject({ allowed: true, rule: 'policy p (revision d1) allows' })
  await server.nextRequest()
  await open.splice(0)[0]?.close()
  await server.stop()
  expect(make().decide('other').allowed).toBe(true)
})

test('credentials are sent, and shown nowhere', async () => {
  server.answer(() => new Response('denied', { status: 401 }))
  const { deciders, happened, status } = make({
    token: 'hush-hush',
    headers: { 'x-team': 'red-team' },
  })
  deciders.start()
  const request = await server.nextRequest()
  expect(request.authorization).toBe('Bearer hush-hush')
  expect(request.headers.get('x-team')).toBe('red-team')
  expect(await happened.next(/refused/)).not.toMatch(/hush|red-team|denied/)
  expect(JSON.stringify(status())).not.toMatch(/hush|red-team/)
})

test('files beside a bundle are compiled with it, and must not be in its roots', async () => {
  const helper = join(folder, 'helper.rego')
  writeFileSync(helper, 'package helper\n\nis_acme(tenant) if tenant == data.tenant\n')
  const modules = { 'app.rego': 'package app\n\nallow if data.helper.is_acme(input.tenant)\n' }
  const sources: PolicySources = { ...sourcesFor('acme', 'r1'), modules }
  server.serve(writeBundle(sources, { revision: 'r1', roots: ['app', 'tenant'] }), '"1"')
  const { deciders, decide, happened } = make({}, { paths: [helper] })
  deciders.start()
  await happened.next(/loaded/)
  expect(decide('acme').allowed).toBe(true)
})

describe('configurations that are refused', () => {
  const parse = (bundle: object) =>
    policiesConfig.safeParse({ p: { entry: 'data.app.allow', bundle } }).success

  test('plain HTTP beyond loopback, and passwords in the URL', () => {
    expect(parse({ url: 'https://bundles.example/b.tar.gz' })).toBe(true)
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:1']) {
      expect(parse({ url: `http://${host}/b` })).toBe(true)
    }
    for (const url of [
      'http://bundles.example/b',
      'http://127.0.0.1.example/b',
      'http://localhost.example/b',
      'https://user:pass@bundles.example/b',
      'file:///etc/passwd',
      'b.tar.gz',
    ]) {
      expect([url, parse({ url })]).toEqual([url, false])
    }
  })

  test('a shortest delay that is longer than the longest', () => {
    expect(parse({ url: 'https://b.example/', minDelay: '2m', maxDelay: '1m' })).toBe(false)
  })
})

test('time is read from the clock that is handed in', () => {
  const clock = createManualClock(1000)
  const config = policiesConfig.parse({ p: { entry: 'data.app.allow', paths: [write()] } })
  const nothing = (): void => undefined
  const { deciders } = createDeciders(config, {
    clock,
    random: systemRandom,
    keep: {},
    onFailure: nothing,
    onChange: nothing,
    onLoaded: nothing,
    onRefused: nothing,
    onLoss: nothing,
  })
  expect(deciders.status()).toMatchObject([{ source: 'files', sinceMs: 1000, checkedAtMs: null }])
})

function write(): string {
  const path = join(folder, 'app.rego')
  writeFileSync(path, 'package app\n\nallow if input.tenant == "acme"\n')
  return path
}

describe('files are watched', () => {
  const watched = (path: string) => {
    const happened = new Happenings()
    const config = policiesConfig.parse({ p: { entry: 'data.app.allow', paths: [path] } })
    const { deciders } = createDeciders(config, {
      clock: systemClock,
      random: systemRandom,
      keep: {},
      onFailure: () => undefined,
      onChange: () => undefined,
      onLoaded: (_policy, revision) => happened.add(`loaded ${revision}`),
      onRefused: (_policy, failure) => happened.add(`refused: ${failure}`),
      onLoss: () => undefined,
    })
    open.push(deciders)
    deciders.start()
    const decide = (tenant: string) => deciders.get('p')?.decide(factsOf(tenant), false).allowed
    return { decide, happened, status: () => deciders.status()[0] }
  }

  test.each(['a file', 'a folder'])('%s: a change is in force, a mistake is not', async (kind) => {
    const path = write()
    const { decide, happened, status } = watched(kind === 'a file' ? path : folder)
    expect(decide('acme')).toBe(true)
    writeFileSync(path, 'package app\n\nallow if input.tenant == "other"\n')
    await happened.next(/loaded/)
    expect([decide('acme'), decide('other')]).toEqual([false, true])
    writeFileSync(path, 'package app\n\nallow if nonsense\n')
    expect(await happened.next(/refused/)).toContain('app.rego:3:10: rego_unsafe_var_error')
    expect(decide('other')).toBe(true)
    expect(status()).toMatchObject({ failure: expect.stringContaining('rego_unsafe_var_error') })
    writeFileSync(path, 'package app\n\nallow if input.tenant == "third"\n')
    await happened.next(/loaded/)
    expect(decide('third')).toBe(true)
    expect(status()).toMatchObject({ failure: null })
  })
})
