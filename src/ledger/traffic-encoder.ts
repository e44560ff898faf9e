import type { AuditConfig } from './config.ts'
import type { IndexedFields } from './encode.ts'
import type { DetailWriter } from './redact.ts'
import type { TrafficEntry } from './record.ts'
import { utf8 } from '../core/bytes.ts'
import { maskCredentials } from '../core/mask.ts'
import { putBytes, putNumber, TextWriter } from './byte-writer.ts'
import { cleanPath, KIND_CODES } from './encode.ts'
import type { BodyFragment } from './fragments.ts'
import { createFragments } from './fragments.ts'
import { createDetailWriter } from './redact.ts'
import { hashText, quote } from './text.ts'

/** Longest record that {@link TrafficEncoder.encodeInto} writes, in bytes. */
export const FAST_BYTES_MAX = 32_768

const ADDRESS = utf8('","address":"')
const DURATION = utf8('","durationUs":')
const BRACE = 0x7d

/**
 * Writes requests as JSON without `seq` and `hash`, to follow `recordStart`: common ones directly as bytes, from
 * fragments made once per route and tenant; others as text. Both give the same bytes.
 */
export class TrafficEncoder {
  /** Index fields of the request encoded last. */
  readonly fields: IndexedFields = {
    kind: KIND_CODES.traffic,
    timeMs: 0,
    tenant: 0,
    actor: 0,
    action: 0,
    outcome: 0,
    request: 0,
  }
  readonly #fragments = createFragments()
  readonly #text = new TextWriter()
  readonly #writeDetails: DetailWriter
  readonly #keepsPath: boolean
  readonly #keepsAddress: boolean
  #timeMs = Number.NaN
  #time = utf8('')
  /** The address of the previous request, and its written form. */
  #address = ''
  #addressed: Uint8Array | undefined

  constructor(config: AuditConfig) {
    this.#writeDetails = createDetailWriter(config.details)
    this.#keepsPath = config.traffic.path === 'full'
    this.#keepsAddress = config.traffic.address === 'full'
  }

  /**
   * Writes a request into `bytes` from `start`, where {@link FAST_BYTES_MAX} bytes must be free. Returns the end, or -1
   * if the request is not a common one: then use {@link TrafficEncoder.encode}.
   */
  encodeInto(entry: TrafficEntry, bytes: Uint8Array, start: number): number {
    const { fields } = this
    const text = this.#text
    if (this.#isUncommon(entry) || entry.requestId === '') return -1
    const head = this.#fragments.head(entry.tenantId, entry.actorKind)
    const body = this.#fragments.body(entry)
    if (head.bytes.length + body.bytes.length > FAST_BYTES_MAX / 2) return -1
    let end = putBytes(bytes, this.#timeOf(entry.timeMs), start)
    end = text.put(bytes, entry.actorId, putBytes(bytes, head.bytes, end))
    if (end < 0) return -1
    fields.actor = text.hash
    end = this.#putRequest(bytes, body, entry, end)
    if (end < 0) return -1
    fields.request = text.hash
    end = this.#putAddress(bytes, this.#keepsAddress ? entry.address : '', end)
    if (end < 0) return -1
    end = putNumber(bytes, whole(entry.durationUs), end)
    bytes[end] = BRACE
    fields.timeMs = this.#timeMs
    fields.tenant = head.tenant
    fields.action = body.action
    fields.outcome = body.outcome
    return end + 1
  }

  /** Any request as text, whatever it holds. */
  encode(entry: TrafficEntry): string {
    const { actorId, details, target } = entry
    const requestId = entry.requestId + entry.requestIdTail
    const hasActor = entry.actorKind !== ''
    const head = this.#fragments.head(entry.tenantId, entry.actorKind)
    const body = this.#fragments.body(entry)
    const path = this.#keepsPath ? entry.path : ''
    const address = this.#keepsAddress ? entry.address : ''
    const detailText = details === undefined ? '' : this.#writeDetails(details)
    const timeMs = whole(entry.timeMs)
    Object.assign(this.fields, {
      timeMs,
      tenant: head.tenant,
      actor: hasActor ? hashText(actorId) : 0,
      action: body.action,
      outcome: body.outcome,
      request: hashText(requestId),
    })
    return [
      `,"timeMs":${timeMs}`,
      hasActor ? head.text + quote(actorId).slice(1) : head.text,
      body.text,
      requestId === '' ? '' : `,"requestId":${quote(requestId)}`,
      address === '' ? '' : `,"address":${quote(address)}`,
      `,"durationUs":${whole(entry.durationUs)}`,
      target === '' ? '' : `,"target":${quote(maskCredentials(target))}`,
      path === '' ? '' : `,"path":${quote(cleanPath(path))}`,
      detailText === '' ? '' : `,"details":${detailText}`,
      '}',
    ].join('')
  }

  /**
   * Writes what depends on the route, and the request id: if it has two parts, the first is usually the same as before.
   */
  #putRequest(bytes: Uint8Array, body: BodyFragment, entry: TrafficEntry, at: number): number {
    const { requestId, requestIdTail } = entry
    const text = this.#text
    const begun = body.begun
    if (begun !== undefined && begun.requestId === requestId) {
      text.hash = begun.hash
      return text.putMore(bytes, requestIdTail, putBytes(bytes, begun.bytes, at))
    }
    const end = text.put(bytes, requestId, putBytes(bytes, body.bytes, at))
    if (end < 0 || requestIdTail === '') return end
    // A copy, because `slice` of a Buffer would show whatever is written there later.
    const copy = Uint8Array.from(bytes.subarray(at, end))
    body.begun = { requestId, bytes: copy, hash: text.hash }
    return text.putMore(bytes, requestIdTail, end)
  }

  /** Writes the address and what follows it; an address that occurs twice in a row is kept. */
  #putAddress(bytes: Uint8Array, address: string, at: number): number {
    if (address === '') return putBytes(bytes, DURATION, at)
    const isRepeated = address === this.#address
    if (isRepeated && this.#addressed !== undefined) return putBytes(bytes, this.#addressed, at)
    let end = this.#text.put(bytes, address, putBytes(bytes, ADDRESS, at))
    if (end < 0) return -1
    end = putBytes(bytes, DURATION, end)
    this.#addressed = isRepeated ? Uint8Array.from(bytes.subarray(at, end)) : undefined
    this.#address = address
    return end
  }

  #isUncommon({ target, details, actorKind, path }: TrafficEntry): boolean {
    return (
      target !== '' || details !== undefined || actorKind === '' || (this.#keepsPath && path !== '')
    )
  }

  #timeOf(timeMs: number): Uint8Array {
    if (timeMs !== this.#timeMs) {
      this.#timeMs = whole(timeMs)
      this.#time = utf8(`,"timeMs":${this.#timeMs}`)
    }
    return this.#time
  }
}

/** A number that JSON can hold exactly: a nonnegative integer. */
const whole = (value: number): number => (value >= 0 && value < 2 ** 53 ? Math.round(value) : 0)
