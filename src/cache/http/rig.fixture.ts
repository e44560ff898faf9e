import { PlainAnswer, toResponse } from '../../core/answer.ts'
import { createManualClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { createEpochTable } from '../epochs/epoch-table.ts'
import { Pool } from '../memory/pool.ts'
import { textPool } from '../memory/text-pool.ts'
import { createTextHash } from '../text-hash.ts'
import type { Name } from '../contract.ts'
import { TARGETED_FIELDS } from './directives.ts'
import type { Asking, RecallOptions, RecallRequest } from './recall-types.ts'
import { responseKey } from './resource-names.ts'
import { createResponseCaches } from './response-caches.ts'
import { createResponseStore } from './response-store.ts'

/** What an origin answers: a response, or that it is out of reach. */
export type Reply = Response | PlainAnswer | 'down'
/** That it was out of reach, or so while what is stored may not be used. */
type Refused = 'down' | 'disconnected'
export type Ask = (
  asking: Asking & { readonly times: number; readonly sent: Sent },
) => Reply | Promise<Reply>

const OPTIONS: RecallOptions = {
  route: 'r',
  targeted: TARGETED_FIELDS,
  heuristicShare: 0,
  heuristicMaxMs: 0,
  disconnectedMs: 60_000,
  storesSetCookie: false,
  honorsRequests: true,
  sendsStatus: true,
  surrogateFields: ['surrogate-key', 'cache-tag', 'xkey'],
  stripsSurrogates: true,
  makesTags: true,
  codings: ['br', 'gzip'],
  codeBytesMin: 100,
  codesStreams: true,
  bodyBytesMax: 200_000,
  variantsMax: 4,
  coalesces: true,
  keepMs: 3_600_000,
}

/** A request, as far as tests say something of it. */
export interface Sent {
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly tenantId?: string
  readonly caller?: string
}

/** A route's cache over an origin that a test plays, on a clock that it moves. */
export function setUp(more: Partial<RecallOptions> = {}, bounds = {}, waitMs = 60_000) {
  const clock = createManualClock()
  const epochs = createEpochTable(systemRandom, 10)
  const limits = { entriesMax: 1000, bytesMax: 4_000_000, tenantShareMax: 0.5, ...bounds }
  const pool = textPool(new Pool(limits, 1, epochs))
  const heard: Name[] = []
  const caches = createResponseCaches<Refused>({
    store: createResponseStore({ pool, epochs, hash: createTextHash(systemRandom), clock }),
    clock,
    canonicalTarget: (target) => target,
    onLookup: () => undefined,
    onInvalidated: (name) => heard.push(name),
    waitersMax: 50,
    waitMs,
  })
  const route = caches.route({ ...OPTIONS, ...more })
  const asked: Asking[] = []
  let answer: Ask = () => new Response('?')
  const originOf = (sent: Sent) => ({
    isSilence: () => true,
    disconnected: () => 'disconnected' as const,
    bindToClient: () => undefined,
    ask: async (asking: Asking) => {
      asked.push(asking)
      const reply = await answer({ ...asking, times: asked.length, sent })
      if (!(reply instanceof Response)) return reply
      return new PlainAnswer(reply.status, [...reply.headers], reply.body)
    },
  })
  const describeRequest = (sent: Sent): RecallRequest => {
    const { method = 'GET', target = '/a', headers = {}, tenantId = '', caller = '' } = sent
    const url = { host: 'h.test', target }
    const fields = new Headers(headers)
    return {
      method,
      fields,
      key: responseKey('r', { tenantId, caller }, 'http', url),
      url,
      tenantId,
      hasCredentials: caller !== '' || fields.has('authorization'),
      hasCookies: false,
      keyHoldsCaller: caller !== '',
    }
  }
  const send = async (sent: Sent = {}) => {
    const result = route.handle(describeRequest(sent), originOf(sent))
    const outcome = await result
    if (!(outcome instanceof PlainAnswer)) {
      return { status: 0, body: outcome, get: () => null }
    }
    const response = toResponse(outcome)
    const bytes = await response.bytes()
    const { headers, status } = response
    if (outcome.body instanceof Uint8Array) headers.set('content-length', String(bytes.length))
    return {
      status,
      body: new TextDecoder().decode(bytes),
      get: (name: string) => headers.get(name),
    }
  }
  return {
    clock,
    caches,
    asked,
    heard,
    send,
    isSynchronous: (sent: Sent = {}) =>
      !(route.handle(describeRequest(sent), originOf(sent)) instanceof Promise),
    explain: (sent: Sent = {}) => route.explain(describeRequest(sent)).rule,
    answerWith(next: Ask) {
      answer = next
    },
    /** Answers with a body that counts, and these fields. */
    count(headers: Readonly<Record<string, string>>, status = 200) {
      answer = ({ times }) => {
        const body = `n${times}`
        const length = String(body.length)
        return new Response(body, { status, headers: { 'content-length': length, ...headers } })
      }
    },
  }
}

/** Fields of a response that stays fresh for a minute. */
export const FRESH = { 'cache-control': 'max-age=60', 'content-type': 'text/plain' }
