import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManualClock } from '../core/clock.ts'
import type { Log } from '../storage/index.ts'
import type { AuditConfig, AuditRecord, Ledger, TrafficEntry } from './index.ts'
import { createManualClock } from '../core/clock.ts'
import { auditConfig, createLedger } from './index.ts'
import { openTestLog } from './log.fixture.ts'

/** A ledger in a folder of its own, and what a test needs around it. */
export interface Fixture {
  readonly folder: string
  readonly clock: ManualClock
  readonly log: Log
  readonly ledger: Ledger
  /** Closes the ledger, and reopens it from disk. */
  reopen(): Promise<Fixture>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Settings = Parameters<typeof auditConfig.parse>[0]

/** What tests may set. */
export interface FixtureOptions {
  readonly config?: Settings
  readonly folder?: string
  readonly clock?: ManualClock
  readonly indexed?: boolean
  readonly wrap?: (log: Log) => Log
}

/** Opens a ledger in a temporary folder, or in the given one. */
export async function openFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tollgate-ledger-')))
  const clock = options.clock ?? createManualClock()
  const open = async (): Promise<Log> => {
    const log = await openTestLog(join(folder, 'log'))
    return options.wrap?.(log) ?? log
  }
  const log = await open()
  const config: AuditConfig = auditConfig.parse(options.config ?? {})
  const indexed = options.indexed === false ? {} : { indexFolder: join(folder, 'index') }
  const ledger = await createLedger({ log, reopenLog: open, clock, config, ...indexed })
  let closed = false
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    await ledger.close()
  }
  return {
    folder,
    clock,
    log,
    ledger,
    close,
    async reopen() {
      await close()
      return openFixture({ ...options, folder, clock })
    },
    async [Symbol.asyncDispose]() {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A request with everything set; `more` replaces fields. */
export function traffic(more: Partial<TrafficEntry> = {}): TrafficEntry {
  return {
    timeMs: 1_767_225_600_000,
    tenantId: 'ten_a',
    actorKind: 'key',
    actorId: 'key_1',
    action: 'scene:read',
    target: '',
    outcome: 'allow',
    status: 200,
    route: '/scene/{id}',
    method: 'GET',
    path: '/scene/7',
    requestId: 'req-00000001',
    requestIdTail: '',
    address: '192.0.2.7',
    durationUs: 42,
    details: undefined,
    ...more,
  }
}

/** An admin act; `more` replaces fields. */
export function adminEntry(target: string) {
  return {
    kind: 'admin',
    tenantId: 'ten_a',
    actor: { kind: 'root', id: 'root' },
    action: 'key.create',
    target,
    outcome: 'ok',
  } as const
}

/** All records, oldest first. */
export async function allRecords(ledger: Ledger): Promise<AuditRecord[]> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of ledger.across().export({})) text += decoder.decode(chunk)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditRecord)
}

/** What a promise rejects with; `undefined` if it does not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
