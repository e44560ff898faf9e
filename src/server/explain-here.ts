import type { Caller } from '../core/caller.ts'
import type { IncomingRequest } from '../core/incoming-request.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import type { Outcome } from '../core/refusal.ts'
import { fail, REFUSALS, succeed } from '../core/refusal.ts'
import type { Connection, Live, Nouns } from '../gate/index.ts'
import type { Explanation, ExplainRequest } from './admin/index.ts'

const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD'])

/**
 * Takes a request through the compiled path of this process. Nothing is consumed, sent or recorded.
 *
 * @param process the name of this process in the answer; other processes may remember different things
 */
export async function explainHere(
  asked: ExplainRequest,
  live: Live,
  nouns: Pick<Nouns, 'identity' | 'policy'>,
  process: string,
): Promise<Outcome<Explanation>> {
  if (hasDotSegments(asked.url)) return succeed(refusedPath(live, nouns, process))
  const request = requestOf(asked, live)
  if (request === undefined) return fail('request_invalid', { detail: NOT_A_REQUEST })
  if (request.method !== asked.method) {
    return fail('request_invalid', { detail: `The method ${asked.method} cannot be explained.` })
  }
  const preset = await callerOf(asked, nouns)
  if (preset !== undefined && !preset.ok) return preset
  const connection: Connection = {
    scheme: new URL(request.toRequest().url).protocol === 'https:' ? 'https' : 'http',
    peerAddress: () => asked.address ?? '127.0.0.1',
  }
  const found = await live.gate.explain(request, connection, preset?.value)
  const { caller, notes, refusal } = found
  return succeed({
    outcome: refusal === undefined ? 'allow' : 'refuse',
    status: refusal === undefined ? found.status : REFUSALS[refusal.code].status,
    code: refusal?.code ?? null,
    detail: refusal?.detail ?? null,
    route: found.route ?? null,
    caller: caller.kind === 'anonymous' ? null : { ...callerView(caller) },
    layers: notes.map(({ rule, ...note }) => ({ ...note, rule: rule ?? null })),
    durationNs: notes.reduce((total, note) => total + note.durationNs, 0),
    policyRevision: nouns.policy.revision(),
    configRevision: live.revision(),
    process,
  })
}

/**
 * Whether a path contains dot segments or backslashes, which the gate refuses and URL parsing would silently remove.
 */
function hasDotSegments(url: string): boolean {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/)
  return /\\|\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}

const refusedPath = (
  live: Live,
  { policy }: Pick<Nouns, 'policy'>,
  process: string,
): Explanation => ({
  outcome: 'refuse',
  status: REFUSALS.path_invalid.status,
  code: 'path_invalid',
  detail: 'path has a dot segment or a backslash',
  route: null,
  caller: null,
  layers: [],
  durationNs: 0,
  policyRevision: policy.revision(),
  configRevision: live.revision(),
  process,
})

const NOT_A_REQUEST =
  'The URL begins with "/" or "http", and headers have a name and a value that may be sent.'

const callerView = ({ kind, id, tenantId, roles }: Caller) => ({ kind, id, tenantId, roles })

function requestOf(asked: ExplainRequest, live: Live): IncomingRequest | undefined {
  const host = live.config().listen.hosts?.[0] ?? live.config().listen.address
  const url = asked.url.startsWith('/') ? `http://${host}${asked.url}` : asked.url
  try {
    const headers = new Headers(asked.headers)
    if (!headers.has('host')) headers.set('host', new URL(url).host)
    const body = METHODS_WITHOUT_BODY.has(asked.method) ? undefined : asked.body
    const init = { method: asked.method, headers, ...(body !== undefined && { body }) }
    return new FetchRequest(new Request(url, init))
  } catch {
    return undefined
  }
}

/** The caller that a key identifies, found without its secret. */
async function callerOf(
  { keyId, tenantId }: ExplainRequest,
  { identity }: Pick<Nouns, 'identity'>,
): Promise<Outcome<Caller> | undefined> {
  if (keyId === undefined) return undefined
  if (tenantId === undefined) return fail('request_invalid', { detail: 'A key needs its tenant.' })
  return identity.callerOfKey(tenantId, keyId)
}
