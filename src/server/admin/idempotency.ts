import { toBase64Url } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import { sha256 } from '../../core/digest.ts'
import type { Random } from '../../core/random.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { BaseRow, Collection, Records } from '../../storage/index.ts'
import { seal, unseal } from './seal.ts'

interface IdempotencyRow extends BaseRow {
  readonly principalId: string
  readonly fingerprint: string
  /** Null while the first request is still running. */
  readonly response: Uint8Array | null
  readonly expiresAtMs: number
}

/** The answers to requests with an Idempotency-Key. */
export const idempotencyCollection: Collection<IdempotencyRow> = {
  name: 'admin_idempotency',
  tenant: false,
  columns: {
    principalId: { type: 'text' },
    fingerprint: { type: 'text' },
    response: { type: 'bytes', nullable: true },
    expiresAtMs: { type: 'integer' },
  },
  indexes: [
    { name: 'admin_idempotency_by_principal', columns: ['principalId'] },
    { name: 'admin_idempotency_by_expiry', columns: ['expiresAtMs'] },
  ],
}

/** An answer as it is stored. */
export interface StoredResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request with an Idempotency-Key. */
interface IdempotentRequest {
  readonly key: string
  readonly principalId: string
  /** The presented secret. Answers are encrypted with it, because they may contain new secrets. */
  readonly credential: string
  readonly method: string
  readonly url: string
  readonly ifMatch: string | null
  readonly body: Uint8Array
}

/** What to do with the request. */
export type IdempotencyClaim =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'replay'; readonly response: StoredResponse }
  | {
      readonly kind: 'run'
      /** Keeps the answer for the next time. */
      finish(response: StoredResponse): Promise<void>
      /** Nothing was changed, so the key may be used again. */
      forget(): Promise<void>
      /** The outcome is unknown, so the key is used up without an answer. */
      abandon(): void
    }

/** Remembers answers by Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). */
export interface Idempotency {
  begin(request: IdempotentRequest): Promise<IdempotencyClaim>
  /** Removes expired answers; resolves with how many. */
  sweep(): Promise<number>
}

const TTL_MS = 24 * 3_600_000
const KEYS_PER_PRINCIPAL_MAX = 10_000
const RESPONSE_CHARACTERS_MAX = 64 * 1024
const KEY_FORM = /^[\x21-\x7E]{1,255}$/
const COLLECTION = idempotencyCollection.name

/** Creates {@link Idempotency} over durable records: answers outlive a restart, for 24 hours. */
export function createIdempotency(world: {
  readonly records: Records
  readonly clock: Clock
  readonly random: Random
}): Idempotency {
  const { records, clock, random } = world
  const rows = records.global(idempotencyCollection)
  const running = new Set<string>()

  function known(row: IdempotencyRow, request: IdempotentRequest): IdempotencyClaim {
    if (row.fingerprint !== fingerprintOf(request)) return refused('idempotency_mismatch')
    if (row.response === null) {
      const detail = running.has(row.id)
        ? 'The first request with this Idempotency-Key is still running.'
        : 'The first request with this Idempotency-Key was interrupted: look what became of it, then use another key.'
      return refused('conflict', detail)
    }
    const text = unseal(row.response, request.credential, request.key)
    return text === undefined
      ? refused('idempotency_mismatch')
      : { kind: 'replay', response: JSON.parse(text) as StoredResponse }
  }

  function run(id: string, request: IdempotentRequest): IdempotencyClaim {
    const settle = async (change: Promise<unknown>): Promise<void> => {
      await change
      running.delete(id)
    }
    const forget = async (): Promise<void> =>
      settle(records.commit([{ op: 'delete', collection: COLLECTION, id }]))
    return {
      kind: 'run',
      forget,
      abandon: () => {
        running.delete(id)
      },
      async finish(response) {
        const text = JSON.stringify(response)
        if (text.length > RESPONSE_CHARACTERS_MAX) return forget()
        const sealed = seal(text, request.credential, request.key, random)
        const set = { response: sealed, updatedAtMs: clock.nowMs() }
        return settle(records.commit([{ op: 'update', collection: COLLECTION, id, set }]))
      },
    }
  }

  return {
    async begin(request) {
      if (!KEY_FORM.test(request.key)) {
        return refused('header_invalid', 'Idempotency-Key must be 1 to 255 visible characters.')
      }
      const { principalId } = request
      const id = toBase64Url(sha256(JSON.stringify([principalId, request.key])))
      const nowMs = clock.nowMs()
      const row = await rows.get(id)
      if (row !== undefined && row.expiresAtMs > nowMs) return known(row, request)
      if (row !== undefined) await records.commit([{ op: 'delete', collection: COLLECTION, id }])
      const equals = { principalId }
      const held = await rows.count({ index: 'admin_idempotency_by_principal', equals })
      if (held >= KEYS_PER_PRINCIPAL_MAX) {
        return refused('rate_limited', 'Too many Idempotency-Keys within a day.')
      }
      const expiresAtMs = nowMs + TTL_MS
      const fingerprint = fingerprintOf(request)
      const times = { createdAtMs: nowMs, updatedAtMs: nowMs, expiresAtMs }
      const fresh = { id, principalId, fingerprint, response: null, ...times }
      const outcome = await records.commit([{ op: 'insert', collection: COLLECTION, row: fresh }])
      if (outcome.ok) {
        running.add(id)
        return run(id, request)
      }
      const other = await rows.get(id)
      return other === undefined ? refused('conflict') : known(other, request)
    },
    async sweep() {
      const to = clock.nowMs()
      const query = { index: 'admin_idempotency_by_expiry', equals: {}, to, limit: 500 }
      const { rows: old } = await rows.find(query)
      if (old.length === 0) return 0
      await records.commit(
        old.map((row) => ({ op: 'delete', collection: COLLECTION, id: row.id }) as const),
      )
      return old.length
    },
  }
}

const refused = (code: Refusal['code'], detail?: string): IdempotencyClaim => ({
  kind: 'refused',
  refusal: refuse(code, detail === undefined ? undefined : { detail }),
})

function fingerprintOf(request: IdempotentRequest): string {
  const { method, url, ifMatch, body } = request
  return toBase64Url(sha256(JSON.stringify([method, url, ifMatch, toBase64Url(sha256(body))])))
}
