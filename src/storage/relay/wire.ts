import { fromBase64Url, toBase64Url } from '../../core/bytes.ts'
import type { BusEvent, BusMessage } from '../bus.ts'
import type { Claim, ClaimState, TakeOutcome } from '../counters.ts'
import type { LogFrame, LogPosition, LogSegment } from '../log.ts'
import type { Change, CommitOutcome } from '../records.ts'
import type { Row } from '../schema/collection-schema.ts'
import type { Scope } from '../schema/scope.ts'
import type { LooseQuery } from '../schema/selection.ts'

/** A column's value as JSON. Objects are wrapped, so that no stored JSON can be taken for bytes. */
type WireValue = string | number | boolean | null | { bytes: string } | { json: unknown }
export type WireRow = Readonly<Record<string, WireValue>>

export type WireQuery = Omit<LooseQuery, 'equals'> & { readonly equals: WireRow }

export interface WirePage {
  readonly rows: readonly WireRow[]
  readonly nextCursor?: string
  readonly badCursor?: true
}

/** A change whose columns are encoded. */
export type WireChange = { readonly [K in keyof Change]: Change[K] } & {
  readonly row?: WireRow
  readonly set?: WireRow
  readonly equals?: WireRow
}

/** limit, remaining, resetMs, retryMs (null: never), exceeded */
type WireState = readonly [number, number, number, number | null, boolean]
export type WireOutcome = readonly [granted: boolean, states: readonly WireState[]]

/** Bytes as text of one character each. */
type WireBytes = string
export type WireFrame = readonly [segment: number, offset: number, frame: WireBytes]

/** Where rows are read. */
export interface WireReader {
  readonly collection: string
  readonly scope: Scope
}

/** The operations that a worker may request from the process that holds the storage. */
export interface Operations {
  get(reader: WireReader, id: string): Promise<WireRow | null>
  getBy(reader: WireReader, index: string, equals: WireRow): Promise<WireRow | null>
  find(reader: WireReader, query: WireQuery): Promise<WirePage>
  count(reader: WireReader, query: Pick<WireQuery, 'index' | 'equals'>): Promise<number>
  commit(changes: readonly WireChange[]): Promise<CommitOutcome>
  take(claims: readonly Claim[], nowMs: number): WireOutcome | Promise<WireOutcome>
  peek(claim: Claim, nowMs: number): WireState | Promise<WireState>
  release(claims: readonly Claim[]): void
  reset(name: string, subject: string): void | Promise<void>
  flush(): Promise<void>
  append(frames: readonly WireBytes[], sync: boolean): Promise<LogPosition>
  rotate(): Promise<void>
  segments(): Promise<readonly LogSegment[]>
  read(from: LogPosition): Promise<readonly WireFrame[]>
  tornBytes(): Promise<number>
  heal(): Promise<number>
  dropBefore(segment: number): Promise<number>
  publish(message: BusMessage): Promise<void>
  /** Resolves with whether all other processes have acted on it in time. */
  tellSiblings(payload: string): Promise<boolean>
  acted(id: number): void
}

export type Operation = keyof Operations

/** `id` 0 requests no reply. */
export type Call = readonly [id: number, operation: Operation, ...args: readonly unknown[]]
export type Reply =
  | readonly [id: number, ok: true, value: unknown]
  | readonly [id: number, ok: false, error: { readonly name: string; readonly message: string }]

/** The messages to the storage, and those that come back. */
export interface ToStorage {
  readonly calls: readonly Call[]
}
export type FromStorage = Reply | { readonly event: BusEvent } | { readonly word: Word }

/** A sibling's message, numbered for the reply. */
export type Word = readonly [id: number, payload: string]

export function encodeRow(row: Row): WireRow {
  const wire: Record<string, WireValue> = {}
  for (const [name, value] of Object.entries(row)) {
    if (value !== undefined) wire[name] = encodeValue(value)
  }
  return wire
}

export function decodeRow(wire: WireRow): Row {
  const row: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(wire)) row[name] = decodeValue(value)
  return row
}

function encodeValue(value: unknown): WireValue {
  if (value instanceof Uint8Array) return { bytes: toBase64Url(value) }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'object') return { json: value }
  throw new TypeError(`a column cannot hold this ${typeof value}`)
}

function decodeValue(value: WireValue): unknown {
  if (typeof value !== 'object' || value === null) return value
  return 'bytes' in value ? fromBase64Url(value.bytes) : value.json
}

export function encodeChange(change: Change): WireChange {
  if (change.op === 'insert') return { ...change, row: encodeRow(change.row) }
  if (change.op === 'update') return { ...change, set: encodeRow(change.set) }
  if (change.op === 'delete') return change
  return { ...change, equals: encodeRow(change.equals) }
}

export function decodeChange(wire: WireChange): Change {
  const { row, set, equals } = wire
  return {
    ...wire,
    ...(row === undefined ? {} : { row: decodeRow(row) }),
    ...(set === undefined ? {} : { set: decodeRow(set) }),
    ...(equals === undefined ? {} : { equals: decodeRow(equals) }),
  } as Change
}

export function encodeState(state: ClaimState): WireState {
  const { limit, remaining, resetMs, retryMs, exceeded } = state
  return [limit, remaining, resetMs, Number.isFinite(retryMs) ? retryMs : null, exceeded]
}

export function decodeState(wire: WireState): ClaimState {
  const [limit, remaining, resetMs, retryMs, exceeded] = wire
  return { limit, remaining, resetMs, retryMs: retryMs ?? Infinity, exceeded }
}

export function encodeOutcome(outcome: TakeOutcome): WireOutcome {
  return [outcome.granted, outcome.states.map(encodeState)]
}

export function decodeOutcome([granted, states]: WireOutcome): TakeOutcome {
  return { granted, states: states.map(decodeState) }
}

export function encodeBytes(bytes: Uint8Array): WireBytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function decodeBytes(text: WireBytes): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

export function encodeFrame({ position, frame }: LogFrame): WireFrame {
  return [position.segment, position.offset, encodeBytes(frame)]
}

export function decodeFrame([segment, offset, frame]: WireFrame): LogFrame {
  return { position: { segment, offset }, frame: decodeBytes(frame) }
}
