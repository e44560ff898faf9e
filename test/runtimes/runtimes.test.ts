import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '../..')
const SCRIPT = join(import.meta.dir, 'embedded.mjs')
const HTTP_SCRIPT = join(import.meta.dir, 'behind-node-http.mjs')

/** The package as it is published: built, away from its sources. */
const folder = mkdtempSync(join(tmpdir(), 'tollgate-package-'))

const RUNTIMES = { node: ['node'], bun: [process.execPath] } as const

const NODE_ENTRY = 'dist/adapters/node/index.js'

const openssl = Bun.which('openssl')

/** A certificate for one run, signed by itself. */
function certificate(): { key: string; cert: string } {
  const files = { key: join(folder, 'own.key'), cert: join(folder, 'own.crt') }
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const out = ['-keyout', files.key, '-out', files.cert, '-subj', '/CN=localhost', '-days', '2']
  Bun.spawnSync([openssl ?? '', 'req', '-x509', ...kind, ...out])
  return { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') }
}

/** Requests that no `Request` can be made of, or with a host that is none. */
const STRANGERS = `
const { connect } = await import('node:net')
for (const line of ['TRACE /greet', 'GET /greet', 'OPTIONS *', 'GET http://b/']) {
  await new Promise((ended) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(line + ' HTTP/1.1\\r\\nHost: a b\\r\\nConnection: close\\r\\n\\r\\n'))
    socket.once('error', ended).once('close', ended).resume()
  })
}
console.log('unharmed')`

describe('the built package', () => {
  beforeAll(() => {
    const build = Bun.spawnSync(
      [
        join(ROOT, 'node_modules/.bin/tsc'),
        '-p',
        'tsconfig.build.json',
        '--outDir',
        join(folder, 'dist'),
      ],
      { cwd: ROOT },
    )
    if (build.exitCode !== 0) throw new Error(build.stdout.toString())
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  for (const [name, command] of Object.entries(RUNTIMES)) {
    test(`guards a server on ${name}`, () => {
      const run = Bun.spawnSync([...command, SCRIPT, join(folder, 'dist/index.js')])
      expect(run.stderr.toString()).toBe('')
      expect(JSON.parse(run.stdout.toString())).toEqual({
        answer: { tenant: 'acme', parameters: { id: '7' }, body: { name: 'abc' } },
        limited: '"few";q=100;w=3600',
        unknown: 401,
        missing: 401,
        invalid: 422,
        oversized: 413,
        readAhead: false,
        used: 422,
        admitted: 96,
        ready: [302, 200, 500, 302, 200].map((status) => [
          status,
          '"one";q=1;qu="concurrent-requests"',
        ]),
        revoked: 401,
        audit: true,
      })
    }, 30_000)

    test.skipIf(openssl === null)(
      `stands behind node:http on ${name}`,
      () => {
        const script = [HTTP_SCRIPT, join(folder, 'dist/index.js'), join(folder, NODE_ENTRY)]
        const run = Bun.spawnSync([...command, ...script, JSON.stringify(certificate())])
        expect(run.stderr.toString()).toBe('')
        expect(JSON.parse(run.stdout.toString())).toEqual({
          cookies: [['framework=0', 'a=1', 'b=2'], 'deny'],
          head: [200],
          path: ['GET', 'http:///a?b=c', '127.0.0.1', 'h', null, null],
          twice: ['GET', 'http:///a', '127.0.0.1', 'h', 'one, two', null],
          absolute: ['GET', 'http:///a', '127.0.0.1', 'real', null, null],
          empty: ['DELETE', 'http:///a', '127.0.0.1', 'h', null, null],
          body: ['PUT', 'http:///a', '127.0.0.1', 'h', null, 'hi'],
          none: 400,
          mounted: 'http:///mounted/a',
          parsed: 500,
          heard: [
            'the body was read before the gate saw it: put the gate before body parsers',
            'broke',
          ],
          announced: 413,
          streamed: [
            [200, '49152'],
            [413, '{"bytesMax":65536'],
            [200, '49152'],
          ],
          events: 'data: 1\n\n',
          left: true,
          aborted: [false, true],
          broken: 'cut',
          secure: 'https:///a',
        })
      },
      30_000,
    )

    test(`remembers by the cache on ${name}`, () => {
      const program = `
        const { createCache, permissionKind, systemClock, systemRandom } =
          await import(${JSON.stringify(join(folder, 'dist/cache/index.js'))})
        const cache = createCache({
          clock: systemClock,
          random: systemRandom,
          kinds: { permission: permissionKind({ sizeOf: () => 1 }) },
        })
        const { permission } = cache.kinds
        const key = permission.scope('acme', { kind: 'caller', id: 'k' }).key('item:read')
        const first = await permission.getOrLoad(key, () => ({ value: true }))
        const second = permission.peek(key)
        await cache.invalidate({ kind: 'tenant', name: 'acme' })
        console.log(JSON.stringify([first, second, permission.peek(key) ?? null]))
        cache.close()`
      const run = Bun.spawnSync([...command, '--input-type=module', '-e', program])
      expect(run.stderr.toString()).toBe('')
      expect(JSON.parse(run.stdout.toString())).toEqual([true, true, null])
    })

    test(`decides by Rego on ${name}`, () => {
      const program = `
        const { compile } = await import(${JSON.stringify(join(folder, 'dist/rego/index.js'))})
        const policy = compile({ modules: { 'p.rego': 'package p\\n\\nallow if input.role == "admin"' } })
        const allow = policy.prepare('data.p.allow')
        console.log(JSON.stringify([allow({ role: 'admin' }), allow({ role: 'x' }) ?? null]))`
      const run = Bun.spawnSync([...command, '--input-type=module', '-e', program])
      expect(run.stderr.toString()).toBe('')
      expect(JSON.parse(run.stdout.toString())).toEqual([true, null])
    })
  }

  test('stands behind the server on Node that the guide shows, which no stranger can end', () => {
    const guide = readFileSync(join(ROOT, 'docs/guides/embedding.md'), 'utf8')
    const [, sample = ''] = /```ts run\n(import \{ createServer \}[\s\S]*?)```/.exec(guide) ?? []
    const script = new Bun.Transpiler({ loader: 'ts' })
      .transformSync(
        sample
          .replace("'tollgate/node'", JSON.stringify(join(folder, NODE_ENTRY)))
          .replace("'tollgate'", JSON.stringify(join(folder, 'dist/index.js'))),
      )
      .replace('await new Promise((closed)', `${STRANGERS}\nawait new Promise((closed)`)
    const run = Bun.spawnSync(['node', '--input-type=module', '-e', script])
    expect(run.stderr.toString()).toBe('')
    expect(run.stdout.toString()).toBe('{"hello":"Ada"}\nunharmed\n')
    expect(run.exitCode).toBe(0)
  }, 30_000)

  test('imports nothing of Bun, the SQLite adapter apart', () => {
    const run = Bun.spawnSync(['grep', '-rlE', "from 'bun(:|')", join(folder, 'dist')])
    const files = run.stdout
      .toString()
      .split('\n')
      .filter((file) => file.endsWith('.js'))
    expect(files.filter((file) => !file.includes('/storage/sqlite/'))).toEqual([])
  })
})
