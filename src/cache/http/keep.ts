import type { Name } from '../contract.ts'
import type { ExchangeTimes } from './age.ts'
import { isCompressible } from './codings.ts'
import type { FieldReader, Fields } from './fields.ts'
import { readFields } from './fields.ts'
import type { RecallOptions, RecallRequest } from './recall-types.ts'
import {
  everyResponse,
  pathName,
  routeName,
  surrogateName,
  tenantName,
  urlName,
} from './resource-names.ts'
import type { NotStored, StoreDecision } from './store-decision.ts'
import type { StoredPart, StoredResponse } from './stored-response.ts'
import { createStored, fieldOf, storableFields } from './stored-response.ts'
import { surrogateKeys } from './surrogate-keys.ts'
import { selectingValues } from './vary.ts'

type Accepted = Extract<StoreDecision, { store: true }>

/** A response that may be stored, with everything that is known about it. */
export interface Keeping {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array
  readonly part: StoredPart | undefined
  readonly surrogates: readonly string[]
  readonly times: ExchangeTimes
  readonly decision: Accepted
}

/** Makes the stored form of a response. */
export function keepable(
  request: RecallRequest,
  head: Keeping,
  options: RecallOptions,
): StoredResponse {
  const { body, part, times, surrogates } = head
  const { directives, terms, varyNames } = head.decision
  const dropped = new Set(options.stripsSurrogates ? options.surrogateFields : [])
  if (part !== undefined) dropped.add('content-range')
  const reader = readFields(head.fields)
  const mayCode =
    options.codings.length > 0 &&
    !request.keyHoldsCaller &&
    !request.hasCredentials &&
    !request.hasCookies &&
    !directives.noTransform &&
    head.status === 200 &&
    body.length >= options.codeBytesMin &&
    reader.get('content-encoding') === null &&
    reader.get('set-cookie') === null &&
    isCompressible(reader.get('content-type'))
  return createStored(
    {
      status: head.status,
      fields: storableFields(head.fields, directives, dropped),
      body,
      ...(part !== undefined && { part }),
      terms,
      varyNames,
      selecting: selectingValues(varyNames, request.fields),
      surrogates,
      mayCode,
      makesTag: options.makesTags,
    },
    times,
  )
}

/**
 * The surrogate keys of a response, or why it cannot be stored: it must be possible to purge it by each of them, so a
 * response with too many is not stored.
 */
export const surrogatesOf = (
  fields: FieldReader,
  options: RecallOptions,
): readonly string[] | NotStored =>
  surrogateKeys(fields, options.surrogateFields) ?? 'surrogate-keys'

/** The names that a stored response depends on. */
export function namesOf(
  { url, tenantId }: RecallRequest,
  surrogates: readonly string[],
  route: string,
): readonly Name[] {
  return [
    everyResponse,
    routeName(route),
    urlName(url),
    pathName(url),
    ...(tenantId === '' ? [] : [tenantName(tenantId)]),
    ...surrogates.map((key) => surrogateName(key)),
  ]
}

/** How long a stored response can be of use from now on, milliseconds. */
export function usefulMs(stored: StoredResponse, options: RecallOptions): number {
  const { lifetimeMs, ageMs, staleWhileRevalidateMs, staleIfErrorMs, disconnectedMs } = stored.terms
  const hasValidator =
    (!stored.tagIsMade && fieldOf(stored, 'etag') !== null) ||
    fieldOf(stored, 'last-modified') !== null
  const beyondMs = Math.max(
    staleWhileRevalidateMs,
    staleIfErrorMs,
    disconnectedMs,
    hasValidator ? options.keepMs : 0,
  )
  return Math.max(0, lifetimeMs - ageMs) + beyondMs
}
