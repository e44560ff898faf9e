import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
} from '../../src/server/gate-process.fixture.ts'

/** The gate ends TLS itself, with a certificate made for the test. */

const CONFIG = `
listen:
  address: '127.0.0.1:0'
  tls: { certificate: '\${file:cert.pem}', key: '\${file:key.pem}' }
admin: { address: '127.0.0.1:0' }
routes:
  - { id: hello, path: /hello, credentials: [anonymous], respond: { body: safe } }
`

const hasOpenssl = Bun.which('openssl') !== null

describe.skipIf(!hasOpenssl)('TLS', () => {
  let gate: GateProcess
  let certificate = ''
  const folder = makeFolder(CONFIG)
  beforeAll(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const files = ['-keyout', 'key.pem', '-out', 'cert.pem']
    execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...files], {
      cwd: folder,
      stdio: 'ignore',
    })
    certificate = readFileSync(join(folder, 'cert.pem'), 'utf8')
    gate = await startGateProcess(folder)
  })
  afterAll(async () => {
    await gate.stop()
    removeFolder(folder)
  })

  test('answers over https; the admin address stays plain', async () => {
    expect(gate.url).toStartWith('https://')
    expect(gate.admin).toStartWith('http://')
    const answer = await fetch(`${gate.url}/hello`, { tls: { ca: certificate } })
    expect([answer.status, await answer.text()]).toEqual([200, 'safe'])
  })

  test('does not answer plain HTTP, nor TLS 1.1', async () => {
    const plain = fetch(`${gate.url.replace('https', 'http')}/hello`)
    expect(
      await plain.then(
        ({ status }) => status,
        () => 'refused',
      ),
    ).not.toBe(200)
    const { hostname, port } = new URL(gate.url)
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({
        host: hostname,
        port: Number(port),
        ca: certificate,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
      })
      socket.on('secureConnect', () => resolve('connected'))
      socket.on('error', () => resolve('refused'))
      socket.on('close', () => resolve('refused'))
    })
    expect(outcome).toBe('refused')
  })

  test('never shows the key: not in the log, not in the configuration it shows', async () => {
    const secret = readFileSync(join(folder, 'key.pem'), 'utf8').split('\n')[1] ?? ''
    expect(secret.length).toBeGreaterThan(20)
    expect(await (await gate.call('GET', '/v1/config')).text()).not.toContain(secret)
    expect(gate.said()).not.toContain(secret)
  })

  test('several workers share it', async () => {
    const second = await startGateProcess(
      makeFolder(CONFIG.replaceAll('${file:', `\${file:${folder}/`)),
      ['--workers', '2'],
    )
    const all = Array.from({ length: 8 }, async () => {
      const answer = await fetch(`${second.url}/hello`, {
        tls: { ca: certificate },
        keepalive: false,
      })
      return answer.text()
    })
    expect(new Set(await Promise.all(all))).toEqual(new Set(['safe']))
    expect(await second.stop()).toBe(0)
    rmSync(second.folder, { recursive: true })
  })
})
