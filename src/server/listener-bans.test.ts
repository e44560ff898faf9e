import { afterEach, describe, expect, test } from 'bun:test'
import type { GateProcess } from './gate-process.fixture.ts'
import { makeFolder, removeFolder, startGateProcess } from './gate-process.fixture.ts'
import type { Rejection } from './http1/index.ts'
import { exchange } from './http1/raw-client.fixture.ts'
import { countTowardBans } from './listener-bans.ts'

/** What a listener cannot read counts toward bans, where the configuration asks for it. */

const JUNK = 'GET / HTTP/1.1\r\n\r\n'

const configOf = (more: string): string => `
listen: { address: '127.0.0.1:0'${more} }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [] }
routes:
  - { id: open, path: /open, credentials: [anonymous], respond: { body: yes } }
`

let gate: GateProcess | undefined
afterEach(async () => {
  await gate?.stop()
  if (gate !== undefined) removeFolder(gate.folder)
  gate = undefined
}, 60_000)

const statusOf = async (headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(`${gate!.url}/open`, { keepalive: false, headers })).status
const sendJunk = async (times: number): Promise<void> => {
  const port = Number(new URL(gate!.url).port)
  for (let at = 0; at < times; at++) expect(await exchange(port, JUNK)).toContain(' 400 ')
}

describe('requests that cannot be read', () => {
  test('ban nobody unless the configuration says so', async () => {
    gate = await startGateProcess(makeFolder(configOf('')))
    await sendJunk(20)
    expect(await statusOf()).toBe(200)
    expect((await gate.json('GET', '/v1/bans'))['data']).toEqual([])
  }, 60_000)

  test.each([['1'], ['2']])(
    'ban their address where `counts` names their code, with --workers %s',
    async (workers) => {
      const folder = makeFolder(`${configOf('')}bans: { counts: [bad_request], violations: 5 }\n`)
      gate = await startGateProcess(folder, ['--workers', workers])
      await sendJunk(4)
      expect(await statusOf()).toBe(200)
      await sendJunk(1)
      while ((await statusOf()) !== 403) await Bun.sleep(5)
      const bans = (await gate.json('GET', '/v1/bans'))['data']
      expect(bans).toMatchObject([{ kind: 'address', subject: '127.0.0.1' }])
    },
    60_000,
  )

  test('never ban a trusted proxy, whatever its clients send', async () => {
    const folder = makeFolder(
      `${configOf(", trustedProxies: ['127.0.0.1']")}bans: { counts: [bad_request, host_invalid], violations: 2 }\n`,
    )
    gate = await startGateProcess(folder)
    await sendJunk(20)
    expect(await statusOf()).toBe(200)
    expect(await statusOf({ 'x-forwarded-for': '203.0.113.7' })).toBe(200)
    expect((await gate.json('GET', '/v1/bans'))['data']).toEqual([])
  }, 60_000)
})

test('what is nobody’s fault is not counted, nor what the gate counts itself', () => {
  const counted: string[] = []
  const count = countTowardBans({ record: ({ code }) => void counted.push(code) })
  const rejection: Rejection = {
    reason: 'requests_max',
    code: 'unavailable',
    address: '203.0.113.7',
    requestId: 'a-1',
    isHandled: false,
  }
  count(rejection)
  count({ ...rejection, reason: 'connections_max', requestId: undefined })
  count({ ...rejection, reason: 'tls_abandoned', code: 'bad_request', requestId: undefined })
  count({ ...rejection, reason: 'body', code: 'bad_request', isHandled: true })
  expect(counted).toEqual([])
  count({ ...rejection, reason: 'tls_handshake', code: 'bad_request', requestId: undefined })
  expect(counted).toEqual(['bad_request'])
})
