import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import type { Live } from '../gate/index.ts'
import type { AuditRecord, TrafficEntry } from '../ledger/index.ts'
import type { GateProcess } from './gate-process.fixture.ts'
import { makeFolder, removeFolder, startGateProcess } from './gate-process.fixture.ts'
import type { Rejection } from './http1/index.ts'
import { RawClient, exchange } from './http1/raw-client.fixture.ts'
import { auditRejections } from './listener-audit.ts'

/** What never reaches the gate is in the audit log all the same. */

const rejection: Rejection = {
  reason: 'host',
  code: 'bad_request',
  address: '192.0.2.1',
  requestId: 'a-1',
  isHandled: false,
}

describe('records of what a listener turns away', () => {
  let enabled = true
  let shown = 'full'
  const live = {
    config: () => ({ audit: { traffic: { enabled, address: shown } } }),
  } as unknown as Live
  const open = () => {
    enabled = true
    const clock = createManualClock()
    const records: TrafficEntry[] = []
    let dropped = 0
    const ledger = {
      record: (entry: TrafficEntry) => void records.push(entry),
      drop: (count: number) => void (dropped += count),
    }
    const audit = auditRejections('gate', ledger, live, clock)
    return { audit, clock, records, dropped: () => dropped }
  }

  test('are a hundred a second at most; the others are counted', () => {
    const { audit, clock, records, dropped } = open()
    for (let at = 0; at < 250; at++) audit(rejection)
    expect([records.length, dropped()]).toEqual([100, 150])
    clock.advance(999)
    audit(rejection)
    expect([records.length, dropped()]).toEqual([100, 151])
    clock.advance(1)
    audit(rejection)
    expect([records.length, dropped()]).toEqual([101, 151])
  })

  test('are not made while requests are not recorded, and nothing is missing then', () => {
    const { audit, records, dropped } = open()
    enabled = false
    for (let at = 0; at < 250; at++) audit(rejection)
    enabled = true
    audit(rejection)
    expect([records.length, dropped()]).toEqual([1, 0])
  })

  test('hold the address, and not where addresses are left out', () => {
    const { audit, records } = open()
    audit(rejection)
    shown = 'none'
    audit(rejection)
    shown = 'full'
    expect(records.map(({ address }) => address)).toEqual(['192.0.2.1', ''])
  })

  test('are not made of what a handler records', () => {
    const { audit, records } = open()
    audit({ ...rejection, requestId: undefined, isHandled: true })
    expect(records).toEqual([])
  })

  test('are not made of who leaves before a TLS session stands: that is how probes look', () => {
    const { audit, records, dropped } = open()
    audit({ ...rejection, reason: 'tls_abandoned', requestId: undefined })
    expect([records, dropped()]).toEqual([[], 0])
    audit({ ...rejection, reason: 'tls_handshake', requestId: undefined })
    expect(records).toMatchObject([{ action: 'listener.tls_handshake', status: 0 }])
  })

  test('have no status where nothing was answered', () => {
    const { audit, records } = open()
    audit({ ...rejection, reason: 'connections_max', code: 'unavailable', requestId: undefined })
    expect(records).toMatchObject([{ action: 'listener.connections_max', status: 0 }])
  })
})

const CONFIG = `
listen: { address: '127.0.0.1:0', connectionsMax: 40 }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
defaults: { limits: [] }
audit: { flushInterval: 10ms }
routes:
  - { id: open, path: /open, credentials: [anonymous], respond: { body: yes } }
`

const SECRET = 'hunter2'
/** Without a Host. */
const JUNK = `GET /${SECRET} HTTP/1.1\r\nAuthorization: ${SECRET}\r\n\r\n`

describe.each([['1'], ['2']])('a gate with --workers %s', (workers) => {
  let gate: GateProcess
  beforeAll(async () => {
    gate = await startGateProcess(makeFolder(CONFIG), ['--workers', workers])
  }, 60_000)
  afterAll(async () => {
    await gate.stop()
    removeFolder(gate.folder)
  }, 60_000)

  const portOf = (url: string): number => Number(new URL(url).port)
  const recordsOf = async (query: string): Promise<readonly AuditRecord[]> => {
    const all: AuditRecord[] = []
    let cursor: string | undefined
    do {
      const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = await gate.json('GET', `/v1/audit?limit=500&${query}${more}`)
      all.push(...(page['data'] as AuditRecord[]))
      cursor = page['nextCursor'] as string | undefined
    } while (typeof cursor === 'string')
    return all
  }
  /** Records of a kind, as soon as there are so many. */
  const awaitRecords = async (query: string, count: number): Promise<readonly AuditRecord[]> => {
    for (;;) {
      const records = await recordsOf(query)
      if (records.length >= count) return records
      await Bun.sleep(5)
    }
  }

  test('records requests that cannot be read under the id of their answer, and not a word of them', async () => {
    const answers = [
      await exchange(portOf(gate.url), JUNK),
      await exchange(portOf(gate.admin), JUNK),
    ]
    const records = await awaitRecords('action=listener.host', 2)
    const ids = answers.map((answer) => /^x-request-id: (.*)\r$/m.exec(answer)?.[1])
    for (const [at, target] of ['gate', 'admin'].entries()) {
      const record = records.find((each) => each.target === target)
      expect(record).toMatchObject({
        kind: 'traffic',
        actor: { kind: 'anonymous', id: '' },
        outcome: 'bad_request',
        status: 400,
        requestId: ids[at]!,
        address: '127.0.0.1',
      })
      expect(answers[at]).toContain(`"requestId":"${ids[at]}"`)
    }
    expect(JSON.stringify(records)).not.toContain(SECRET)
  }, 60_000)

  test('marks what a flood has beyond its measure as a gap, and loses nothing of the others', async () => {
    const [junkBefore, gapsBefore] = [
      await recordsOf('action=listener.host'),
      await recordsOf('kind=gap'),
    ]
    const flood = async (): Promise<void> => {
      for (let at = 0; at < 100; at++) await exchange(portOf(gate.url), JUNK)
    }
    const others = async (): Promise<void> => {
      for (let at = 0; at < 50; at++) {
        expect((await fetch(`${gate.url}/open`, { headers: { connection: 'close' } })).status).toBe(
          200,
        )
      }
    }
    const allowedBefore = (await recordsOf('action=open&outcome=allow')).length
    const startMs = performance.now()
    await Promise.all([flood(), flood(), flood(), flood(), flood(), flood(), others()])
    const seconds = Math.ceil((performance.now() - startMs) / 1000) + 1
    const count = async (): Promise<readonly [number, number]> => {
      const recorded = (await recordsOf('action=listener.host')).length - junkBefore.length
      const gaps = (await recordsOf('kind=gap')).slice(0, -gapsBefore.length || undefined)
      const dropped = gaps.reduce((sum, { details }) => sum + Number(details?.['dropped']), 0)
      return [recorded, dropped]
    }
    let [recorded, dropped] = await count()
    while (recorded + dropped < 600) {
      await Bun.sleep(5)
      ;[recorded, dropped] = await count()
    }
    expect(recorded + dropped).toBe(600)
    expect(recorded).toBeLessThanOrEqual(100 * Number(workers) * seconds)
    await awaitRecords('action=open&outcome=allow', allowedBefore + 50)
  }, 60_000)

  test('records connections that it refused', async () => {
    const clients: RawClient[] = []
    let records: readonly AuditRecord[] = []
    // What the flood before has left of this second may not be enough for a record.
    while (records.length === 0) {
      const client = await RawClient.open(portOf(gate.url))
      client.send('GET /open HTTP/1.1\r\nHost: a\r\n\r\n')
      const isKept = await client
        .until((all) => all.endsWith('yes'))
        .then(
          () => true,
          () => false,
        )
      clients.push(client)
      if (!isKept) records = await recordsOf('action=listener.connections_max')
    }
    expect(records[0]).toMatchObject({ outcome: 'unavailable', target: 'gate' })
    expect(records[0]).not.toHaveProperty('status')
    for (const client of clients) client.close()
  }, 60_000)
})
