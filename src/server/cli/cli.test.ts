import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Subprocess } from 'bun'

/** The command line as real processes against a real gate. */

const ENTRY = join(import.meta.dirname, '../../../bin/tollgate.ts')

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
signals: { log: { level: silent } }
routes:
  - id: hello
    path: /hello/{name}
    permission: greeting:read
    respond: { body: { hello: world } }
`

let folder: string
let gate: Subprocess<'ignore', 'ignore', 'pipe'>
let admin = ''
let root = ''

interface Run {
  readonly code: number
  readonly out: string
  readonly hint: string
}

interface RunOptions {
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
}

async function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = Bun.spawn([process.execPath, ENTRY, ...args], {
    cwd: options.folder ?? folder,
    env: { PATH: process.env['PATH'] ?? '', ...options.environment },
    stdin: new Blob([options.input ?? '']),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, hint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, out, hint }
}

/** Runs with the gate's address and root key in the environment. */
const manage = async (...args: readonly string[]): Promise<Run> =>
  run(args, { environment: { TOLLGATE_ADMIN: admin, TOLLGATE_ROOT_KEY: root } })

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, hint } = await manage(...args, '--json')
  expect([args, code, code === 0 ? '' : hint]).toEqual([args, 0, ''])
  return JSON.parse(out) as Record<string, unknown>
}

async function startGate(): Promise<void> {
  gate = Bun.spawn([process.execPath, ENTRY, 'serve', 'tollgate.yaml'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let said = ''
  const decoder = new TextDecoder()
  for await (const chunk of gate.stderr) {
    said += decoder.decode(chunk, { stream: true })
    admin = /Admin API on (\S+)\/reference/.exec(said)?.[1] ?? admin
    root = /(tollgate_root_\w{43})/.exec(said)?.[1] ?? root
    if (admin !== '' && root !== '') return
  }
  throw new Error(`the gate did not start: ${said}`)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'))
  writeFileSync(join(folder, 'tollgate.yaml'), CONFIG)
  await startGate()
})

afterAll(async () => {
  gate.kill('SIGTERM')
  await gate.exited
  rmSync(folder, { recursive: true })
})

describe('manners', () => {
  test('help goes to standard output, with examples and the exit statuses', async () => {
    const whole = await run(['--help'])
    expect(whole.code).toBe(0)
    expect(whole.out).toContain('EXIT STATUS')
    const one = await run(['keys', 'create', '--help'])
    expect(one.out).toContain('EXAMPLES')
    expect(one.out).not.toContain('\u001B')
    expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.each([
    [[], 'USAGE'],
    [['kyes'], 'Did you mean tollgate keys?'],
    [['keys', 'lsit'], 'Did you mean tollgate keys list?'],
    [['keys', 'list', '--tenat', 'x'], 'Did you mean --tenant?'],
    [['keys', 'get'], 'ID'],
    [['keys', 'get', 'a', 'b'], 'unexpected argument'],
    [['keys', 'create', 'a', '--environment', 'prod'], 'live, test'],
    [['completion', 'tcsh'], 'bash, zsh or fish'],
    [['tenants', 'list', '--admin', 'nonsense'], 'not a URL'],
    [['serve', '--workers', '0'], '--workers: expected a whole number from 1 to 999, not 0'],
    [['demo', '--address', 'here'], '--address: expected host:port, not here'],
    [['demo', '--admin-address', '127.0.0.1:99999'], '--admin-address: expected host:port'],
    [['policy', 'serve', '--address', '[::1]:70000'], '--address: expected host:port'],
    [['policy', 'bench', '1', '--samples', '0'], 'a whole number from 1 to 999999, not 0'],
  ])('wrong usage %p ends with 2 and says so on standard error', async (args, said) => {
    const { code, out, hint } = await run(args)
    expect([code, out]).toEqual([2, ''])
    expect(hint).toContain(said)
  })

  test('without a gate, without a key, with a wrong key: clear and distinct', async () => {
    const environment = { TOLLGATE_ROOT_KEY: root }
    const nobody = await run(['tenants', 'list', '--admin', 'http://127.0.0.1:1'], { environment })
    expect(nobody.code).toBe(1)
    expect(nobody.hint).toContain('cannot be reached')
    const keyless = await run(['tenants', 'list', '--admin', admin])
    expect([keyless.code, keyless.hint.includes('no root key')]).toEqual([4, true])
    const wrong = { TOLLGATE_ADMIN: admin, TOLLGATE_ROOT_KEY: 'wrong' }
    const refused = await run(['tenants', 'list', '--json'], { environment: wrong })
    expect(refused.code).toBe(4)
    expect(JSON.parse(refused.out)).toMatchObject({ code: 'credential_invalid' })
  })

  test('the root key comes from a file, standard input or the demo, never elsewhere', async () => {
    writeFileSync(join(folder, 'root.key'), `${root}\n`)
    const base = ['tenants', 'list', '--admin', admin]
    expect((await run([...base, '--root-key-file', 'root.key'])).code).toBe(0)
    expect((await run([...base, '--root-key-file', '-'], { input: root })).code).toBe(0)
    const demo = join(folder, 'demo')
    mkdirSync(join(demo, '.tollgate'), { recursive: true })
    const file = { gate: admin, admin, rootKey: root, keys: {}, curl: [] }
    writeFileSync(join(demo, '.tollgate/demo.json'), JSON.stringify(file))
    expect((await run(['tenants', 'list'], { folder: demo })).code).toBe(0)
    const other = ['tenants', 'list', '--admin', 'http://127.0.0.1:1']
    expect((await run(other, { folder: demo })).hint).toContain('no root key')
  })

  test('completion scripts know the commands and are valid', async () => {
    const { out } = await run(['completion', 'bash'])
    expect(out).toContain('"keys rotate"')
    const script = `${out}\nCOMP_WORDS=(tollgate keys ro); COMP_CWORD=2; _tollgate; echo "\${COMPREPLY[*]}"`
    const shell = Bun.spawn(['bash', '-c', script], { stdout: 'pipe' })
    expect((await new Response(shell.stdout).text()).trim()).toBe('rotate')
    expect((await run(['completion', 'zsh'])).out).toContain('#compdef tollgate')
    expect((await run(['completion', 'fish'])).out).toContain('complete -c tollgate')
  })
})

describe('check', () => {
  test('a good file', async () => {
    const { code, out } = await run(['check', 'tollgate.yaml'])
    expect([code, out]).toEqual([0, 'tollgate.yaml is good: 1 route, 0 upstreams\n'])
  })

  test('a wrong file ends with 6, with places and carets, or as JSON', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'ruotes: []\nlisten:\n  address: nowhere\n')
    const { code, out, hint } = await run(['check', 'wrong.yaml'])
    expect([code, out]).toEqual([6, ''])
    expect(hint).toContain('wrong.yaml:1:1: error: the key "ruotes" is not known here')
    expect(hint).toContain('^^^^^^')
    expect(hint).toContain('did you mean "routes"?')
    const parsed = JSON.parse((await run(['check', 'wrong.yaml', '--json'])).out) as unknown
    expect(parsed).toMatchObject({ ok: false, errors: [{ line: 1, column: 1 }, { line: 3 }] })
  })

  test('what only compiling finds has its place too', async () => {
    const twice = `${CONFIG}  - { id: again, path: '/hello/{other}', respond: {} }\n`
    writeFileSync(join(folder, 'twice.yaml'), twice)
    const { code, hint } = await run(['check', 'twice.yaml'])
    expect(code).toBe(6)
    expect(hint).toContain('twice.yaml:10:24: error:')
    expect((await run(['check', 'gone.yaml'])).hint).toContain('there is no such file')
  })

  test('a module with a default export', async () => {
    const module = 'export default { routes: [{ id: "a", path: "/a", respond: {} }] }\n'
    writeFileSync(join(folder, 'tollgate.config.ts'), module)
    expect((await run(['check', 'tollgate.config.ts'])).out).toContain('1 route,')
  })
})

describe('management', () => {
  test('tenants, users, roles, keys and tokens from making to removal', async () => {
    expect(await json('tenants', 'create', 'Acme', '--id', 'acme')).toMatchObject({ id: 'acme' })
    expect((await manage('tenants', 'create', 'Acme', '--id', 'acme')).code).toBe(5)
    expect((await manage('tenants', 'get', 'nothere')).code).toBe(3)
    expect((await json('tenants', 'suspend', 'acme'))['status']).toBe('suspended')
    await json('tenants', 'resume', 'acme')

    await json('roles', 'create', 'greeter', '--permission', 'greeting:read')
    const user = await json('users', 'create', 'ada', '--name', 'Ada')
    const userId = String(user['id'])
    expect((await manage('users', 'assign', userId, 'greeter')).code).toBe(0)
    expect((await manage('users', 'roles', userId)).out).toContain('greeter')
    expect((await manage('roles', 'holders', 'greeter')).out).toContain(userId)

    const made = await manage('keys', 'create', 'ci', '--role', 'greeter', '--expires-in', '1h')
    expect(made.out).toMatch(/^tg_live_\S+\n$/)
    const keyId = /key_\S+(?=:)/.exec(made.hint)?.[0] ?? ''
    const listed = await manage('keys', 'list')
    expect(listed.out.split('\n')[0]).toBe('ID\tNAME\tSTART\tSTATUS\tROLES\tEXPIRES\tLAST USED')
    expect(listed.out).toContain(keyId)
    const rotated = await manage('keys', 'rotate', keyId, '--overlap', '0s')
    expect(rotated.out).toMatch(/^tg_live_\S+\n$/)
    const token = await manage('tokens', 'issue', '--key', keyId, '--ttl', '1h')
    expect(token.code).toBe(0)
    const environment = { TOLLGATE_ADMIN: admin, TOLLGATE_ROOT_KEY: root }
    const inspected = await run(['tokens', 'inspect'], { input: token.out, environment })
    expect(inspected.out).toContain(keyId)

    const cautious = await manage('keys', 'revoke', keyId)
    expect([cautious.code, cautious.hint.includes('--yes')]).toEqual([2, true])
    expect((await manage('keys', 'revoke', keyId, '--yes')).code).toBe(0)
    expect(await json('keys', 'get', keyId)).toMatchObject({ status: 'revoked' })
    await json('users', 'delete', userId, '--yes')
    await json('roles', 'delete', 'greeter', '--yes')
  })

  test('bans, limits and the running configuration', async () => {
    const ban = await json('bans', 'add', '203.0.113.0/24', '--reason', 'test', '--for', '1h')
    expect((await manage('bans', 'list')).out).toContain('203.0.113.0/24')
    expect((await manage('bans', 'lift', String(ban['id']))).code).toBe(0)
    expect((await manage('bans', 'add', 'x')).hint).toContain('--reason')
    expect(await json('limits', 'peek', 'default', '--address', '203.0.113.7')).toMatchObject({
      remaining: 100,
    })
    expect((await manage('config', 'routes')).out).toContain('/hello/{name}')
    const stats = (await manage('config', 'stats')).out
    expect(stats).toMatch(/^gate\.decisions\.authorize\.pass\t\d+$/m)
    expect(stats).not.toContain('{')
    expect((await manage('config', 'reload')).code).toBe(0)
    expect((await manage('config', 'check', 'tollgate.yaml')).code).toBe(0)
    writeFileSync(join(folder, 'other.yaml'), 'ruotes: []\n')
    const wrong = await manage('config', 'check', 'other.yaml')
    expect([wrong.code, wrong.hint.includes('other.yaml:1:1')]).toEqual([6, true])
  })

  test('a slip of the pen in an address is refused, and does not ban a credential that nobody has', async () => {
    const refused = await manage('bans', 'add', '300.1.1.1', '--reason', 'test')
    expect([refused.code, refused.hint]).toEqual([2, expect.stringContaining('Neither an address')])
  })

  test('a ban of everybody, or of whoever makes it, is made only when forced', async () => {
    const add = async (...args: string[]) => manage('bans', 'add', ...args, '--reason', 'test')
    for (const subject of ['0.0.0.0/0', '::/0', '127.0.0.0/8', '127.0.0.1']) {
      const refused = await add(subject)
      expect([subject, refused.code, refused.hint]).toEqual([
        subject,
        5,
        expect.stringContaining('--force'),
      ])
    }
    expect((await manage('bans', 'list')).out).not.toContain('/')
    const ban = await json('bans', 'add', '8000::/2', '--reason', 'test', '--force')
    expect(ban['subject']).toBe('8000::/2')
    expect((await manage('bans', 'lift', String(ban['id']))).code).toBe(0)
  })

  test('explain takes the path as it was written, and no method for another', async () => {
    const dots = await manage('explain', 'GET', '/hello/%2e%2e/x')
    expect(dots.out).toContain('refused: path_invalid (400)')
    expect((await manage('explain', 'BREW', '/hello/ada')).code).toBe(2)
  })

  test('a file that is not there is named, and why it cannot be read', async () => {
    const gone = await manage('config', 'check', 'gone.yaml')
    expect(gone.hint).toBe('tollgate: gone.yaml cannot be read: there is no such file\n')
  })

  test('explain takes a key for whom a request with it would come from, limits and addresses with it', async () => {
    const keyOf = async (body: object): Promise<string> => {
      const headers = { authorization: `Bearer ${root}`, 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const { key } = (await (await fetch(`${admin}/v1/tenants/acme/keys`, init)).json()) as {
        readonly key: { readonly id: string }
      }
      return key.id
    }
    const explain = async (id: string, ...more: string[]) =>
      manage('explain', 'GET', '/hello/ada', '--key-id', id, ...more)
    const allowed = { permissions: ['greeting:read'], allowedCidrs: ['192.0.2.0/24'] }
    const limited = await keyOf({ ...allowed, name: 'limited', limits: { default: 7 } })
    const within = await explain(limited, '--address', '192.0.2.1')
    expect(within.out).toContain('default: 7 of 7 left')
    const outside = await explain(limited, '--address', '198.51.100.1')
    expect(outside.out).toContain('credential_invalid (401)')
    const peeked = await json('limits', 'peek', 'default', '--key', limited, '--tenant', 'acme')
    expect([peeked['limit'], peeked['remaining']]).toEqual([7, 7])
    // A key of a user has its own roles, and not the user's.
    await json('roles', 'create', 'waver', '--permission', 'greeting:read')
    const userId = String((await json('users', 'create', 'greta'))['id'])
    await manage('users', 'assign', userId, 'waver')
    const bare = await explain(await keyOf({ name: 'bare', userId }))
    expect(bare.out).toContain('permission_denied (403)')
  })

  test('explain shows each layer, its verdict and its time', async () => {
    const made = await manage('keys', 'create', 'explained', '--permission', 'greeting:read')
    const keyId = /key_\S+(?=:)/.exec(made.hint)?.[0] ?? ''
    const allowed = await manage('explain', 'GET', '/hello/ada', '--key-id', keyId)
    expect(allowed.out).toContain('allowed')
    expect(allowed.out).toMatch(/authorize +pass/)
    expect(allowed.out).toContain('█')
    const refused = await manage('explain', 'get', '/hello/ada', '-H', 'x-a: 1', '-H', 'x-b: 2')
    expect(refused.out).toContain('credential_missing (401)')
    writeFileSync(join(folder, 'caller.key'), made.out)
    const asFile = await json('explain', 'GET', '/hello/ada', '--credential-file', 'caller.key')
    expect(asFile).toMatchObject({ outcome: 'allow', caller: { id: keyId } })
    expect((await manage('explain', 'GET', '/', '-H', 'nocolon')).code).toBe(2)
    const lost = await manage('explain', 'GET', '/nowhere')
    expect(lost.out).toBe('route -\ncaller anonymous\nrefused: route_unknown (404)\n')
    expect(lost.hint).toContain('tollgate config routes')
  })

  test.each([
    [
      ['keys', 'create', 'ci', '--expires-in', '0s'],
      '--expires-in: expected a duration longer than',
    ],
    [['keys', 'create', 'ci', '--expires-in', '0.0d'], '--expires-in: expected a duration longer'],
    [['keys', 'create', 'ci', '--expires-in=-1d'], '--expires-in: expected a duration such as'],
    [
      ['keys', 'create', 'ci', '--expires-in', '99999999d'],
      '--expires-in: expected at most 36500d',
    ],
    [
      ['tokens', 'issue', '--key', 'key_x', '--ttl', '0s'],
      '--ttl: expected a duration longer than',
    ],
    [['keys', 'create', 'ci', '--permission', 'Scene'], '/permissions/0: expected a permission'],
    [['keys', 'create', 'ci', '--cidr', '10.0.0.0/40'], '/allowedCidrs/0: expected an address or'],
    [
      ['keys', 'create', 'x'.repeat(201)],
      '/name: expected at most 200 characters, found text of 201',
    ],
  ])('what cannot be is refused with its name and the reason: %p', async (args, reason) => {
    const { code, out, hint } = await manage(...args)
    expect([code, out]).toEqual([2, ''])
    expect(hint).toContain(reason)
  })
})

describe('audit', () => {
  test('list, export, checkpoint and verify, with the gate and without', async () => {
    const listed = await manage('audit', 'list', '--action', 'key.create', '--outcome', 'ok')
    expect(listed.out).toContain('key.create')
    const exported = await manage('audit', 'export', '--kind', 'admin')
    const lines = exported.out.trim().split('\n')
    expect(lines.every((line) => typeof JSON.parse(line) === 'object')).toBe(true)
    const checkpoint = await manage('audit', 'checkpoint', '--json')
    writeFileSync(join(folder, 'checkpoint.json'), checkpoint.out)
    expect(await json('audit', 'verify', '--checkpoint', 'checkpoint.json')).toMatchObject({
      ok: true,
    })
    const offline = await run(['audit', 'verify', '--data', '.tollgate', '--json'])
    expect([offline.code, (JSON.parse(offline.out) as { ok: boolean }).ok]).toEqual([0, true])
    expect((await run(['audit', 'verify', '--data', 'nowhere'])).code).toBe(3)
    const forged = { seq: 3, hash: '0'.repeat(64) }
    writeFileSync(join(folder, 'forged.json'), JSON.stringify(forged))
    const mismatch = await manage('audit', 'verify', '--checkpoint', 'forged.json')
    expect(mismatch.code).toBe(6)
  })

  test('a changed record is found, without a gate', async () => {
    const copy = join(folder, 'copy')
    mkdirSync(copy)
    Bun.spawnSync(['cp', '-r', join(folder, '.tollgate/ledger'), join(copy, 'ledger')])
    const [name] = [...new Bun.Glob('*').scanSync(join(copy, 'ledger'))].sort()
    const path = join(copy, 'ledger', name ?? '')
    writeFileSync(path, readFileSync(path, 'utf8').replace('key.create', 'key.Create'))
    const { code, hint } = await run(['audit', 'verify', '--data', copy])
    expect(code).toBe(6)
    expect(hint).toContain('changed')
  })
})

test('a lost root key is replaced by who holds the data folder, while no gate runs', async () => {
  const refused = await run(['root-key', 'reset', '--data', '.tollgate'])
  expect([refused.code, refused.out]).toEqual([5, ''])
  gate.kill('SIGTERM')
  await gate.exited
  const { code, out } = await run(['root-key', 'reset', '--data', '.tollgate'])
  expect([code, out]).toEqual([0, expect.stringMatching(/^tollgate_root_\w{43}\n$/)])
  const old = root
  admin = ''
  await startGate()
  const environment = { TOLLGATE_ADMIN: admin, TOLLGATE_ROOT_KEY: out.trim() }
  expect((await run(['tenants', 'list'], { environment })).code).toBe(0)
  const before = { TOLLGATE_ADMIN: admin, TOLLGATE_ROOT_KEY: old }
  expect((await run(['tenants', 'list'], { environment: before })).code).toBe(4)
  const recorded = await run(['audit', 'list', '--action', 'root-key.reset'], { environment })
  expect(recorded.out).toContain('command-line')
  const rotated = await run(['root-key', 'rotate', '--yes'], { environment })
  expect(rotated.out).toMatch(/^tollgate_root_\w{43}\n$/)
})
