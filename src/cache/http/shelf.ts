import type { Clock } from '../../core/clock.ts'
import type { Position } from '../contract.ts'
import type { ExchangeTimes } from './age.ts'
import { compress } from './compress.ts'
import type { Coding } from './codings.ts'
import type { Field, Fields } from './fields.ts'
import { readFields } from './fields.ts'
import { formatHttpDate } from './http-date.ts'
import type { Keeping } from './keep.ts'
import { keepable, namesOf, surrogatesOf, usefulMs } from './keep.ts'
import type { StoredPartial } from './parts.ts'
import { asWhole, isPart } from './parts.ts'
import type { RecallOptions, RecallParts, RecallRequest } from './recall-types.ts'
import type { NotStored } from './store-decision.ts'
import { decideStore, isOnesOwn } from './store-decision.ts'
import type { StoredResponse } from './stored-response.ts'
import { bytesOf } from './stored-response.ts'
import { updatedFields } from './update.ts'
import {
  selectParts,
  selectVariant,
  withPart,
  withVariant,
  withoutOutdated,
  withoutVariant,
} from './variants.ts'

/** The result of storing a response. */
export type Shelved =
  | { readonly stored: StoredResponse; readonly reason?: undefined }
  | { readonly stored: StoredResponse | undefined; readonly reason: NotStored }

/** Puts responses into the store and renews them there, for one route. */
export interface Shelf {
  find(request: RecallRequest, hash: number): StoredResponse | undefined
  /** Whether anything is stored for the key of a request, whatever it selects. */
  holds(request: RecallRequest, hash: number): boolean
  /** The parts that a request selects, the newest first. */
  parts(request: RecallRequest, hash: number): readonly StoredPartial[]
  /** Stores a complete response that was found fit; `since` fences it. */
  keep(request: RecallRequest, hash: number, keeping: Keeping, since: Position): Shelved
  /** Renews what is stored by a 304, or by a 200 to HEAD. */
  renew(
    request: RecallRequest,
    hash: number,
    stored: StoredResponse,
    newer: Fields,
    times: ExchangeTimes,
    since: Position,
  ): Shelved
  /** Forgets a variant, and those that would answer a request for it in its place. */
  forget(request: RecallRequest, hash: number, stored: StoredResponse): void
  /** The response with its body in a coding, too, which is stored along with the plain body. */
  code(
    request: RecallRequest,
    hash: number,
    stored: StoredResponse,
    coding: Coding,
  ): Promise<StoredResponse>
}

type Parts = Pick<RecallParts, 'store' | 'onStored'> & { readonly clock: Clock }

/** Creates a {@link Shelf}. */
export function createShelf(options: RecallOptions, { store, onStored }: Parts): Shelf {
  const place = (
    request: RecallRequest,
    hash: number,
    fresh: StoredResponse,
    since: Position,
    outdated?: StoredResponse,
  ): Shelved => {
    const { key, tenantId } = request
    const known = store.get(key, hash)
    const before =
      known === undefined || outdated === undefined ? known : withoutVariant(known, outdated)
    const { variants, stored } = isPart(fresh)
      ? withPart(before, fresh, request.fields, options)
      : { variants: withVariant(before, fresh, request.fields, options.variantsMax), stored: fresh }
    if (variants === known) return { stored }
    const facts = {
      tenant: tenantId,
      names: namesOf(request, stored.surrogates, options.route),
      since,
      keepMs: usefulMs(fresh, options),
    }
    let outcome = store.put(key, hash, variants, facts)
    // Together with other variants it may be too large for one entry; then these give way.
    if (outcome === 'refused' && variants.list.length > 1) {
      outcome = store.put(key, hash, { list: [stored] }, facts)
    }
    if (outcome !== 'stored') return { stored, reason: outcome }
    onStored(bytesOf(stored))
    return { stored }
  }
  const forget: Shelf['forget'] = ({ key, fields }, hash, stored) => {
    const variants = store.get(key, hash)
    if (variants === undefined) return
    const others = withoutOutdated(variants, stored, fields)
    if (others !== variants) store.forget(key, hash, others)
  }
  return {
    holds: ({ key }, hash) => store.get(key, hash) !== undefined,
    find: ({ key, fields }, hash) => selectVariant(store.get(key, hash), fields),
    parts: ({ key, fields }, hash) => selectParts(store.get(key, hash), fields),
    keep: (request, hash, keeping, since) =>
      place(request, hash, asWhole(keepable(request, keeping, options)), since),
    renew(request, hash, stored, newer, times, since) {
      const fields = updatedFields(stored, dated(newer, times))
      const isKnownPart = isPart(stored)
      const head = { status: stored.status, fields: readFields(fields), isKnownPart }
      const decision = decideStore({ ...request, method: 'GET' }, head, times, options)
      const surrogates = surrogatesAfter(stored, newer, options)
      const reason = typeof surrogates === 'string' ? surrogates : undefined
      if (!decision.store || typeof surrogates === 'string') {
        if (!isOnesOwn(request)) forget(request, hash, stored)
        const shown = { ...stored, fields: withoutAge(fields) }
        return { stored: shown, reason: decision.store ? (reason ?? 'refused') : decision.reason }
      }
      const { status, body, part, coded } = stored
      const keeping = { status, fields, body, part, surrogates, times, decision }
      const renewed = { ...keepable(request, keeping, options), coded }
      // What it varies on may be new, too: then it would not take the place of what it renews.
      return place(request, hash, renewed, since, stored)
    },
    forget,
    async code({ key }, hash, stored, coding) {
      const body = await compress(stored.body, coding)
      const coded = { ...stored, coded: { ...stored.coded, [coding]: body } }
      const variants = store.get(key, hash)
      if (variants?.list.includes(stored) === true) {
        store.replace(key, hash, {
          list: variants.list.map((other) => (other === stored ? coded : other)),
        })
      }
      return coded
    },
  }
}

/** RFC 9110 §6.6.1: fields without Date get that of their arrival; otherwise the old Date would age the response. */
const dated = (fields: Fields, { responseMs }: ExchangeTimes): Fields =>
  readFields(fields).get('date') === null
    ? [...fields, ['date', formatHttpDate(responseMs)]]
    : fields

const withoutAge = (fields: Fields): Fields => fields.filter(([name]: Field) => name !== 'age')

/** Newer surrogate keys replace the old ones. */
function surrogatesAfter(
  stored: StoredResponse,
  newer: Fields,
  options: RecallOptions,
): readonly string[] | NotStored {
  const reader = readFields(newer)
  const brings = options.surrogateFields.some((name) => reader.get(name) !== null)
  return brings ? surrogatesOf(reader, options) : stored.surrogates
}
