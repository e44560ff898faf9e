import type { Field } from './fields.ts'
import { readFields } from './fields.ts'
import { formatHttpDate } from './http-date.ts'
import { TARGETED_FIELDS } from './directives.ts'
import type { AskedRequest, StoreOptions } from './store-decision.ts'
import { decideStore } from './store-decision.ts'
import type { StoredResponse } from './stored-response.ts'
import { createStored, storableFields } from './stored-response.ts'
import type { Terms } from './terms.ts'

/** When responses in these tests come, wall clock, milliseconds. */
export const T0 = Date.UTC(2026, 0, 1)
const TIMES = { requestMs: T0, responseMs: T0 }
export const DATE: Field = ['date', formatHttpDate(T0)]
export const FRESH: Field = ['cache-control', 'max-age=60']
/** The HTTP date so many seconds after {@link T0}. */
export const at = (seconds: number): string => formatHttpDate(T0 + seconds * 1000)

export const OPTIONS: StoreOptions = {
  targeted: TARGETED_FIELDS,
  honorsRequests: true,
  storesSetCookie: false,
  heuristicShare: 0,
  heuristicMaxMs: 86_400_000,
  disconnectedMs: 60_000,
}

/** A GET without anything that counts. */
export const plain: AskedRequest = {
  method: 'GET',
  fields: readFields([]),
  hasCredentials: false,
  hasCookies: false,
  keyHoldsCaller: false,
}

/** Judges a response: the terms on which it is stored, or why it is not. */
export function decide(
  fields: readonly Field[],
  {
    status = 200,
    request = {},
    options = {},
  }: {
    readonly status?: number
    readonly request?: Partial<AskedRequest>
    readonly options?: Partial<StoreOptions>
  } = {},
): string | Terms {
  const head = { status, fields: readFields(fields) }
  const decision = decideStore({ ...plain, ...request }, head, TIMES, { ...OPTIONS, ...options })
  return decision.store ? decision.terms : decision.reason
}

/** What is stored of a response with these fields. */
export function storedOf(
  fields: readonly Field[],
  body: string | Uint8Array = '0123456789',
  status = 200,
): StoredResponse {
  const head = { status, fields: readFields(fields) }
  const decision = decideStore(plain, head, TIMES, OPTIONS)
  if (!decision.store) throw new Error(decision.reason)
  const kept = storableFields(fields, decision.directives, new Set())
  return createStored(
    {
      status,
      fields: kept,
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      terms: decision.terms,
      varyNames: decision.varyNames,
      selecting: [],
      surrogates: [],
      mayCode: false,
      makesTag: true,
    },
    TIMES,
  )
}
