import type { AdminEntry, RecordKind } from './record.ts'
import { utf8 } from '../core/bytes.ts'
import { maskCredentials } from '../core/mask.ts'
import { putBytes, putNumber } from './byte-writer.ts'
import type { DetailWriter } from './redact.ts'
import { redactState } from './redact.ts'
import { hashText, quote } from './text.ts'

/** Codes of {@link RecordKind} in the index. */
export const KIND_CODES: Readonly<Record<RecordKind, number>> = {
  traffic: 1,
  admin: 2,
  system: 3,
  gap: 4,
}

/** What the index keeps about a record: hashes of its texts. */
export interface IndexedFields {
  kind: number
  timeMs: number
  tenant: number
  actor: number
  action: number
  outcome: number
  request: number
}

/** The index fields of a record. */
export function indexFields(record: {
  readonly kind: RecordKind
  readonly timeMs: number
  readonly tenantId?: string
  readonly actor?: { readonly id: string }
  readonly action: string
  readonly outcome: string
  readonly requestId?: string
}): IndexedFields {
  return {
    kind: KIND_CODES[record.kind],
    timeMs: record.timeMs,
    tenant: hashText(record.tenantId ?? ''),
    actor: hashText(record.actor?.id ?? ''),
    action: hashText(record.action),
    outcome: hashText(record.outcome),
    request: hashText(record.requestId ?? ''),
  }
}

/** A record that the ledger writes itself. Its `details` are not filtered. */
export interface SystemEntry {
  readonly kind: 'system' | 'gap'
  readonly action: string
  readonly outcome: 'ok' | 'failed'
  readonly details: Readonly<Record<string, string | number>>
}

/** The beginning of every record. */
export const recordStart = (seq: number): string => `{"seq":${seq}`

const START = utf8(recordStart(0).slice(0, -1))
/** {@link recordStart} in bytes, at `at`; returns the end. */
export const putRecordStart = (bytes: Uint8Array, seq: number, at: number): number =>
  putNumber(bytes, seq, putBytes(bytes, START, at))

/**
 * Writes an admin record as JSON without `seq` and `hash`: what follows {@link recordStart}. Fields are in the order of
 * the guide.
 */
export function encodeAdmin(entry: AdminEntry, timeMs: number, writeDetails: DetailWriter): string {
  const details = entry.details === undefined ? '' : writeDetails(entry.details)
  return [
    recordHead(entry.kind, timeMs),
    textMember('tenantId', entry.tenantId),
    `,"actor":{"kind":${quote(entry.actor.kind)},"id":${quote(maskCredentials(entry.actor.id))}}`,
    `,"action":${quote(entry.action)}`,
    textMember('target', entry.target),
    `,"outcome":${quote(entry.outcome)}`,
    numberMember('status', entry.status),
    textMember('route', entry.route),
    textMember('method', entry.method),
    textMember('path', entry.path === undefined ? undefined : cleanPath(entry.path)),
    textMember('requestId', entry.requestId),
    textMember('address', entry.address),
    numberMember('durationUs', entry.durationUs),
    details === '' ? '' : `,"details":${details}`,
    stateMember('before', entry.before),
    stateMember('after', entry.after),
    '}',
  ].join('')
}

/** Like {@link encodeAdmin}, for a record of the ledger itself, with its index fields. */
export function encodeSystem(
  entry: SystemEntry,
  timeMs: number,
): { readonly json: string; readonly fields: IndexedFields } {
  const { kind, action, outcome } = entry
  const details = JSON.stringify(entry.details)
  const members = `,"action":${quote(action)},"outcome":"${outcome}","details":${details}}`
  return { json: recordHead(kind, timeMs) + members, fields: indexFields({ ...entry, timeMs }) }
}

const recordHead = (kind: RecordKind, timeMs: number): string =>
  `,"timeMs":${Math.round(timeMs)},"kind":"${kind}"`

function textMember(name: string, value: string | undefined): string {
  return value === undefined || value === '' ? '' : `,"${name}":${quote(maskCredentials(value))}`
}

function numberMember(name: string, value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '' : `,"${name}":${Math.round(value)}`
}

function stateMember(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(redactState(value)) ?? 'null'}`
}

/** A path without its query and without credentials. */
export function cleanPath(path: string): string {
  const query = path.indexOf('?')
  return maskCredentials(query < 0 ? path : path.slice(0, query))
}
