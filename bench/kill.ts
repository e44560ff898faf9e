/**
 * Kills the gate with SIGKILL under load, repeatedly, and checks that everything that was acknowledged
 * is still there: admin writes, their audit records, and a chain without a fault.
 *
 *     node bin/bun.mjs bench/kill.ts --rounds 20 --workers 2
 */
import { parseArgs } from 'node:util'
import type { GateProcess } from '../src/server/gate-process.fixture.ts'
import {
  ask,
  makeFolder,
  removeFolder,
  startGateProcess,
} from '../src/server/gate-process.fixture.ts'

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
defaults: { limits: [] }
routes:
  - { id: hello, path: '/hello', credentials: [anonymous], respond: { body: ok } }
`

const WRITERS = 8
const CLIENTS = 4
const TENANT = 'acme'

/** How long and hard to try. */
export interface KillOptions {
  readonly rounds: number
  readonly workers: number
  /** Returns 0 to 1, which sets the end of each round between 100 and 600 ms. */
  readonly chance: () => number
  readonly onRound?: (round: number, acknowledged: number) => void
}

/** What was found after all rounds. */
export interface KillReport {
  readonly rounds: number
  readonly writesAcknowledged: number
  readonly requestsAnswered: number
  /** Writes that were acknowledged and then lost. */
  readonly writesLost: readonly string[]
  readonly auditRecordsLost: readonly string[]
  /** Faults that verifying the chain found after a start. */
  readonly faults: readonly unknown[]
}

/** Runs the rounds on a fresh data folder. */
export async function killRounds(options: KillOptions): Promise<KillReport> {
  const { rounds, workers, chance, onRound } = options
  const folder = makeFolder(CONFIG)
  const args = ['--workers', String(workers)]
  const keys = new Set<string>()
  const faults: unknown[] = []
  let requestsAnswered = 0
  let gate = await startGateProcess(folder, args)
  const [root] = await gate.says(/tollgate_root_\w{43}/)
  await gate.json('POST', '/v1/tenants', { id: TENANT, name: TENANT })
  for (let round = 1; round <= rounds; round += 1) {
    const load = startLoad(gate, keys)
    await Bun.sleep(100 + 500 * chance())
    gate.kill('SIGKILL')
    await gate.exited
    requestsAnswered += await load
    gate = await startGateProcess(folder, args, root)
    const report = await gate.json('POST', '/v1/audit/verify')
    if (report['ok'] !== true) faults.push(report['fault'])
    onRound?.(round, keys.size)
  }
  const kept = await idsOf(gate, `/v1/tenants/${TENANT}/keys`, (row) => String(row['id']))
  const audited = await idsOf(gate, '/v1/audit?kind=admin&action=key.create', (row) =>
    String(row['target']),
  )
  await gate.stop()
  removeFolder(folder)
  const missing = (from: ReadonlySet<string>): string[] => [...keys].filter((id) => !from.has(id))
  return {
    rounds,
    writesAcknowledged: keys.size,
    requestsAnswered,
    writesLost: missing(kept),
    auditRecordsLost: missing(audited),
    faults,
  }
}

/** Writes and reads until the gate is gone; notes the keys whose creation was acknowledged. */
async function startLoad(gate: GateProcess, keys: Set<string>): Promise<number> {
  const until = async (job: () => Promise<unknown>): Promise<number> => {
    for (let done = 0; ; done += 1) {
      try {
        await job()
      } catch {
        return done
      }
    }
  }
  const write = async (): Promise<void> => {
    const made = await gate.json('POST', `/v1/tenants/${TENANT}/keys`, { name: 'made under load' })
    keys.add((made['key'] as { id: string }).id)
  }
  const clients = Array.from({ length: CLIENTS }, async () =>
    until(async () => (await ask(`${gate.url}/hello`)).text()),
  )
  await Promise.all(Array.from({ length: WRITERS }, async () => until(write)))
  const answered = await Promise.all(clients)
  return answered.reduce((sum, count) => sum + count, 0)
}

/** One field of every row of a list, page by page. */
async function idsOf(
  gate: GateProcess,
  path: string,
  idOf: (row: Readonly<Record<string, unknown>>) => string,
): Promise<Set<string>> {
  const ids = new Set<string>()
  let cursor: unknown
  do {
    const more = typeof cursor === 'string' ? `&cursor=${encodeURIComponent(cursor)}` : ''
    const joined = `${path}${path.includes('?') ? '&' : '?'}limit=500${more}`
    const page = await gate.json('GET', joined)
    for (const row of page['data'] as Record<string, unknown>[]) ids.add(idOf(row))
    cursor = page['nextCursor']
  } while (typeof cursor === 'string')
  return ids
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      workers: { type: 'string', default: '1' },
    },
  })
  const report = await killRounds({
    rounds: Number(values.rounds),
    workers: Number(values.workers),
    chance: Math.random,
    onRound: (round, acknowledged) => {
      process.stderr.write(`round ${round}: ${acknowledged} writes acknowledged so far\n`)
    },
  })
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  const isSound = [report.writesLost, report.auditRecordsLost, report.faults].every(
    (found) => found.length === 0,
  )
  process.exit(isSound ? 0 : 1)
}
