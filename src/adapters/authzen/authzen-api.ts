import type { PolicyStore } from '../../policy/index.ts'
import type { Policy } from '../../rego/index.ts'
import { decide, decideAll } from './decide.ts'
import type { SearchKind } from './messages.ts'
import { BadRequest, evaluation, parseMessage } from './messages.ts'
import { search } from './search.ts'

/** What {@link createAuthzenApi} needs. */
export interface AuthzenOptions {
  readonly store: Pick<PolicyStore, 'policy'>
  /** The package that answers: `allow`, and `subjects`, `resources`, `actions` for searches. Default `data.authzen`. */
  readonly package?: string
  /** Largest body. Default: 1 MiB. */
  readonly bodyBytesMax?: number
}

type Handler = (policy: Policy, body: unknown, packageName: string) => unknown

const searching =
  (kind: SearchKind): Handler =>
  (policy, body, packageName) =>
    search(policy, `${packageName}.${kind}s`, kind, body)

const ENDPOINTS: Readonly<Record<string, Handler>> = {
  '/access/v1/evaluation': (policy, body, packageName) =>
    decide(policy, `${packageName}.allow`, parseMessage(evaluation, body)),
  '/access/v1/evaluations': (policy, body, packageName) =>
    decideAll(policy, `${packageName}.allow`, body),
  '/access/v1/search/subject': searching('subject'),
  '/access/v1/search/resource': searching('resource'),
  '/access/v1/search/action': searching('action'),
}

const METADATA_PATH = '/.well-known/authzen-configuration'
const BODY_BYTES_MAX = 1024 * 1024

/**
 * The AuthZEN Authorization API 1.0 over a policy store. Resolves with `undefined` for paths that are not its own. It
 * checks no credential; the server that uses it must do so.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html
 */
export function createAuthzenApi(
  options: AuthzenOptions,
): (request: Request) => Promise<Response | undefined> {
  const packageName = options.package ?? 'data.authzen'
  const bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX
  return async (request) => {
    const { pathname, origin } = new URL(request.url)
    const requestId = request.headers.get('x-request-id')
    const answer = (status: number, body: unknown): Response =>
      Response.json(body, {
        status,
        ...(requestId !== null && { headers: { 'x-request-id': requestId } }),
      })
    if (pathname === METADATA_PATH && request.method === 'GET') {
      return answer(200, metadataOf(origin))
    }
    const handle = Object.hasOwn(ENDPOINTS, pathname) ? ENDPOINTS[pathname] : undefined
    if (handle === undefined) return undefined
    if (request.method !== 'POST') return answer(405, { error: 'use POST' })
    try {
      const body = await readJson(request, bodyBytesMax)
      return answer(200, handle(options.store.policy(), body, packageName))
    } catch (error) {
      if (error instanceof BadRequest) return answer(error.status, { error: error.message })
      throw error
    }
  }
}

async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new BadRequest('expected content-type application/json')
  }
  const bytes = await request.bytes()
  if (bytes.length > bytesMax) throw new BadRequest('the body is too large', 413)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch {
    throw new BadRequest('the body is not JSON')
  }
}

const metadataOf = (origin: string): Readonly<Record<string, string>> => ({
  policy_decision_point: origin,
  access_evaluation_endpoint: `${origin}/access/v1/evaluation`,
  access_evaluations_endpoint: `${origin}/access/v1/evaluations`,
  search_subject_endpoint: `${origin}/access/v1/search/subject`,
  search_resource_endpoint: `${origin}/access/v1/search/resource`,
  search_action_endpoint: `${origin}/access/v1/search/action`,
})
