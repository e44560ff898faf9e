import { PlainAnswer } from '../core/answer.ts'
import type { Caller } from '../core/caller.ts'
import { sha256 } from '../core/digest.ts'
import { toBase64Url } from '../core/bytes.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type {
  Origin,
  PrefetchOutcome,
  RecallRequest,
  ResourceUrl,
  RouteCache,
} from '../cache/index.ts'
import { normalizeHost, responseKey } from '../cache/index.ts'
import { identityHeaders } from '../upstream/index.ts'
import type { Exchange } from './exchange.ts'
import type { StageBody, Step } from './stage.ts'
import { isAnswer, NEEDS_BODY } from './stage.ts'
import { wantsWebSocket } from './web-socket.ts'

/** How a route uses stored responses. */
export interface RecallStageOptions {
  readonly cache: RouteCache<Refusal>
  /** The stage that answers the route, asked when nothing stored will do. */
  readonly answer: StageBody
  /** Identifies the route and every part of its configuration that decides what an answer looks like. */
  readonly routeKey: string
  readonly scope: 'caller' | 'tenant' | 'shared'
  /** Whether the upstream sees cookies, and keys in headers, that clients send. */
  readonly passesCookies: boolean
  readonly passesKeys: boolean
  readonly schemeOf: (exchange: Exchange) => string
  /** Called for each exchange that passed, where the requests likely to follow are fetched ahead. */
  readonly onPassed?: ((exchange: Exchange) => void) | undefined
}

/** The stage, and the same for exchanges that no client is waiting for. */
export interface RecallStage extends StageBody {
  fetchAhead(exchange: Exchange): Promise<PrefetchOutcome>
}

/**
 * Known already? Answers from stored responses, or asks the upstream in the client's place and stores what it
 * answers (RFC 9111). It comes after every stage that may refuse, so that a stored response reaches only those
 * who would have been let through anyway.
 */
export function createRecall(options: RecallStageOptions): RecallStage {
  const { cache, answer, onPassed } = options
  return {
    run(exchange) {
      if (wantsWebSocket(exchange)) return undefined
      const request = describeRequest(exchange, options)
      if (exchange.notes === undefined) {
        const recalled = cache.handle(request, originOf(exchange, answer))
        onPassed?.(exchange)
        return recalled
      }
      const { answers, rule } = cache.explain(request)
      exchange.rule = rule
      return answers ? new PlainAnswer(200, [], null) : undefined
    },
    fetchAhead: async (exchange) =>
      cache.fetchAhead(describeRequest(exchange, options), originOf(exchange, answer)),
  }
}

function describeRequest(exchange: Exchange, options: RecallStageOptions): RecallRequest {
  const { caller, method } = exchange
  const { headers } = exchange.request
  const { scope, passesCookies, passesKeys } = options
  const isKnown = caller.kind !== 'anonymous'
  const keyHoldsCaller = isKnown && scope === 'caller'
  const tenantId = isKnown && scope !== 'shared' ? caller.tenantId : ''
  const host = headers.get('host') ?? ''
  const target = exchange.path + exchange.query
  const url: ResourceUrl = { host: normalizeHost(host), target }
  const keyScope = { tenantId, caller: keyHoldsCaller ? callerText(caller) : '' }
  return {
    method,
    fields: headers,
    // The host as the upstream is told it: an answer may repeat a port that others did not ask by.
    key: responseKey(options.routeKey, keyScope, options.schemeOf(exchange), { host, target }),
    url,
    tenantId,
    hasCredentials:
      isKnown || headers.has('authorization') || (passesKeys && headers.has('x-api-key')),
    hasCookies: passesCookies && headers.has('cookie'),
    keyHoldsCaller,
  }
}

const callerTexts = new WeakMap<Caller, string>()

/** A digest of everything the upstream is told about a caller, so that a change of roles changes the key. */
function callerText(caller: Caller): string {
  const known = callerTexts.get(caller)
  if (known !== undefined) return known
  const told = JSON.stringify([caller.kind, caller.id, identityHeaders(caller)])
  const text = toBase64Url(sha256(told))
  callerTexts.set(caller, text)
  return text
}

/** The refusals which mean that the upstream gave no answer. */
const SILENCE = new Set<Refusal['code']>([
  'upstream_failed',
  'upstream_timeout',
  'upstream_unavailable',
])

const NOT_WITHOUT_ASKING =
  'the upstream gave no answer, and what is stored may not be used without asking it'

/** Request fields that a response meant for storing must not depend on. */
const CLIENT_CONDITIONS = ['if-none-match', 'if-modified-since', 'if-range', 'range'] as const

function originOf(exchange: Exchange, answer: StageBody): Origin<Refusal> {
  let asked: AbortController | undefined
  return {
    bindToClient() {
      const { signal } = exchange.request
      const own = asked
      if (signal.aborted) own?.abort()
      else signal.addEventListener('abort', () => own?.abort(), { once: true })
    },
    isSilence: ({ code }) => SILENCE.has(code),
    disconnected: (refusal) => ({
      ...refusal,
      code: 'upstream_timeout',
      detail: NOT_WITHOUT_ASKING,
    }),
    async ask({ conditions, inBackground }) {
      if (conditions === undefined) return answered(await answer.run(exchange))
      const headers = new Headers([...exchange.request.headers])
      for (const name of CLIENT_CONDITIONS) headers.delete(name)
      for (const [name, value] of conditions) headers.set(name, value)
      asked = new AbortController()
      const { signal } = asked
      const url = `http://${headers.get('host')}${exchange.path}${exchange.query}`
      const request = new FetchRequest(
        new Request(url, { method: 'GET', headers, signal }),
        inBackground ? undefined : (interim) => exchange.request.interim?.(interim),
      )
      return answered(await answer.run(exchange.inPlaceOf(request, inBackground)))
    },
  }
}

function answered(step: Step): PlainAnswer | Refusal {
  if (step === undefined || step === NEEDS_BODY) {
    return refuse('internal_error', { internal: 'the answering stage did not answer' })
  }
  if (!isAnswer(step) || step instanceof PlainAnswer) return step
  return new PlainAnswer(step.status, [...step.headers], step.body)
}
