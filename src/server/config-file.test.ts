import { afterAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseGatewayConfig, readGatewayConfig } from './config-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tollgate-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('a configuration file', () => {
  test('reads other files relative to its own folder', async () => {
    mkdirSync(join(folder, 'secrets'))
    writeFileSync(join(folder, 'secrets/name'), 'api.example.test\n')
    const path = join(folder, 'tollgate.yaml')
    writeFileSync(path, 'listen: { hosts: ["${file:secrets/name}"] }\n')
    const outcome = await readGatewayConfig(path, {})
    expect(outcome).toMatchObject({ ok: true, value: { listen: { hosts: ['api.example.test'] } } })
  })

  test('says why it cannot be read, without more than was asked', async () => {
    const outcome = await readGatewayConfig(join(folder, 'gone.yaml'), {})
    expect(outcome).toMatchObject({
      ok: false,
      errors: [{ code: 'unreadable', message: 'cannot be read: there is no such file' }],
    })
  })

  test('may be a module, read afresh each time', async () => {
    const path = join(folder, 'tollgate.config.ts')
    for (const id of ['first', 'second']) {
      const module = `export default { routes: [{ id: '${id}', path: '/', respond: {} }] }\n`
      writeFileSync(path, module)
      const outcome = await readGatewayConfig(path, {})
      expect(outcome).toMatchObject({ ok: true, value: { routes: [{ id }] } })
    }
  })

  test('that is a module has `tollgate` at hand wherever it lies, installed or not', async () => {
    const path = join(folder, 'with-import.ts')
    writeFileSync(
      path,
      "import { defineConfig } from 'tollgate'\nexport default defineConfig({ routes: [] })\n",
    )
    expect(await readGatewayConfig(path, {})).toMatchObject({ ok: true, value: { routes: [] } })
  })

  test('that is no module says where, and not how it was loaded', async () => {
    const path = join(folder, 'broken.ts')
    writeFileSync(path, 'export default {\n  routes: [\n')
    expect(await readGatewayConfig(path, {})).toMatchObject({
      ok: false,
      errors: [{ message: expect.stringMatching(/^cannot be read: .*\(line \d+, column \d+\)$/) }],
    })
    writeFileSync(path, "import 'absent-package'\nexport default {}\n")
    const absent = await readGatewayConfig(path, {})
    expect(JSON.stringify(absent)).toContain('absent-package')
    expect(JSON.stringify(absent)).not.toContain('?read=')
  })

  test('takes no port that there cannot be', async () => {
    const at = async (port: string): Promise<boolean> =>
      (await parseGatewayConfig(`listen: { address: '127.0.0.1:${port}' }`, 'a.yaml', {})).ok
    for (const port of ['0', '80', '8080', '59999', '65535']) expect(await at(port)).toBe(true)
    for (const port of ['65536', '66000', '70000', '99999', '', 'x']) {
      expect([port, await at(port)]).toEqual([port, false])
    }
  })

  test('names references that nothing defines, and what was meant', async () => {
    const text =
      'upstreams: { engram: { targets: ["http://127.0.0.1:1"] } }\nroutes: [{ id: a, path: /a, upstream: engarm, limits: [defualt] }]\n'
    const outcome = await parseGatewayConfig(text, 'tollgate.yaml', {})
    if (outcome.ok) throw new Error('accepted')
    expect(outcome.errors.map(({ line, code, suggestion }) => [line, code, suggestion])).toEqual([
      [2, 'unknown_reference', 'engram'],
      [2, 'unknown_reference', 'default'],
    ])
  })
})

test('the examples of the guide are good configurations', async () => {
  const guide = readFileSync(
    join(import.meta.dirname, '../../docs/guides/configuration.md'),
    'utf8',
  )
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '')
  expect(blocks.length).toBeGreaterThan(0)
  for (const text of blocks) {
    const outcome = await parseGatewayConfig(text, 'guide.yaml', {})
    expect([text, outcome.ok ? [] : outcome.errors]).toEqual([text, []])
  }
})

describe.skipIf(Bun.which('openssl') === null)('a certificate', () => {
  const openssl = (line: string): void =>
    void execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' })
  const make = (name: string, days: number): void => {
    openssl(`ecparam -name prime256v1 -genkey -noout -out ${name}.key`)
    openssl(`req -new -key ${name}.key -subj /CN=localhost -out ${name}.csr`)
    openssl(`x509 -req -in ${name}.csr -signkey ${name}.key -days ${days} -out ${name}.pem`)
  }
  const found = async (tls: string): Promise<readonly string[]> => {
    const text = `listen: { tls: { ${tls} } }`
    const outcome = await parseGatewayConfig(text, join(folder, 'tollgate.yaml'), {})
    return (outcome.ok ? outcome.warnings : outcome.errors).map(
      ({ path, message }) => `${path.replace('listen.tls.', '')}: ${message}`,
    )
  }
  const filed = (certificate: string, key: string): string =>
    `certificate: '\${file:${certificate}}', key: '\${file:${key}}'`

  test('that no listener could use is refused before one is asked to', async () => {
    make('own', 2)
    make('other', 2)
    make('late', -1)
    writeFileSync(join(folder, 'junk.pem'), 'certainly not\n')
    expect(await found(filed('own.pem', 'own.key'))).toEqual([])
    expect(await found(filed('own.pem', 'other.key'))).toEqual([
      'key: this is not the key of the certificate',
    ])
    expect(await found(filed('junk.pem', 'junk.pem'))).toEqual([
      'certificate: expected a certificate in PEM',
      'key: expected a private key in PEM, without a passphrase',
    ])
    expect(
      await found(`${filed('own.pem', 'own.key')}, clientAuthority: '\${file:junk.pem}'`),
    ).toEqual(['clientAuthority: expected certificates in PEM'])
    expect(await found(filed('late.pem', 'late.key'))).toEqual([
      expect.stringMatching(/^certificate: the certificate has expired: .* GMT$/),
    ])
  })
})
