import { answerJson, errorBody, OpaError } from './answers.ts'
import type { OpaOptions, OpaRequest } from './context.ts'
import {
  deleteData,
  evaluateBatch,
  evaluateData,
  evaluateDocument,
  patchData,
  putData,
} from './data.ts'
import { deletePolicy, putPolicy, showPolicies } from './policies.ts'
import { runQuery } from './queries.ts'

export type { OpaOptions } from './context.ts'

const DEFAULT_DECISION = 'system/main'

type Handler = (asked: OpaRequest) => Response | Promise<Response>

const health: Handler = () => answerJson(200, {})

/** `GET /v1/config`: what may be disclosed of this server's setup. */
const showConfig: Handler = ({ options }) =>
  answerJson(200, {
    result: {
      default_decision: `/${options.defaultDecision ?? DEFAULT_DECISION}`,
      labels: options.labels ?? {},
    },
  })

/** `GET /v1/status`: what is in force. */
const showStatus: Handler = ({ options }) =>
  answerJson(200, {
    result: {
      labels: options.labels ?? {},
      bundles: { policies: { name: 'policies', active_revision: options.store.revision() } },
    },
  })

/** The handlers by path prefix; the path of a document or the id of a policy follows it. */
const ROUTES: readonly (readonly [string, Readonly<Record<string, Handler>>])[] = [
  ['/v1/batch/data', { POST: evaluateBatch }],
  [
    '/v1/data',
    { GET: evaluateData, POST: evaluateData, PUT: putData, PATCH: patchData, DELETE: deleteData },
  ],
  ['/v0/data', { POST: evaluateDocument }],
  ['/v1/query', { GET: runQuery, POST: runQuery }],
  ['/v1/policies', { GET: showPolicies, PUT: putPolicy, DELETE: deletePolicy }],
  ['/v1/config', { GET: showConfig }],
  ['/v1/status', { GET: showStatus }],
  ['/health', { GET: health }],
]

const BODY_BYTES_MAX = 32 * 1024 * 1024
const SEGMENTS_MAX = 64

/**
 * The REST API of Open Policy Agent over a policy store: data, queries, policies, batches and health, with its shapes
 * and its errors. It checks no credential; the server that uses it must do so.
 *
 * Not supported: partial evaluation (`/v1/compile`), `explain`, the syntax tree of policies.
 *
 * @see https://www.openpolicyagent.org/docs/rest-api
 */
export function createOpaApi(options: OpaOptions): (request: Request) => Promise<Response> {
  const bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX
  const root = (options.defaultDecision ?? DEFAULT_DECISION).split('/')
  return async (request) => {
    const { pathname, searchParams: query } = new URL(request.url)
    try {
      if (pathname === '/') {
        if (request.method !== 'POST') throw notAllowed()
        return await evaluateDocument({ request, path: root, query, options, bodyBytesMax })
      }
      const found = ROUTES.find(([head]) => pathname === head || pathname.startsWith(`${head}/`))
      if (found === undefined) throw new OpaError(404, 'resource_not_found', 'no such endpoint')
      const [head, methods] = found
      const handle = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
      if (handle === undefined) throw notAllowed()
      const path = segmentsOf(pathname.slice(head.length))
      return await handle({ request, path, query, options, bodyBytesMax })
    } catch (error) {
      if (error instanceof OpaError) return answerJson(error.status, errorBody(error))
      throw error
    }
  }
}

const notAllowed = (): OpaError => new OpaError(405, 'method_not_allowed', 'method not allowed')

function segmentsOf(rest: string): string[] {
  const segments = rest.split('/').filter((segment) => segment !== '')
  if (segments.length > SEGMENTS_MAX) {
    throw new OpaError(400, 'invalid_parameter', 'the path is too long')
  }
  try {
    return segments.map(decodeURIComponent)
  } catch {
    throw new OpaError(400, 'invalid_parameter', 'the path is not UTF-8')
  }
}
