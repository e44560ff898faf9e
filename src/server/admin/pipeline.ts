import type { IdFactory } from '../../core/ids.ts'
import { PROBLEM_TYPE, renderProblem } from '../../core/problem.ts'
import type { Outcome, Refusal } from '../../core/refusal.ts'
import { fail, refuse, REFUSALS, succeed } from '../../core/refusal.ts'
import { DataUnwritableError } from '../../storage/index.ts'
import { recordChange } from './audit-trail.ts'
import { parseJsonBody, readBody } from './body.ts'
import { etagOf, isNotModified, readIfMatch } from './etags.ts'
import type { Idempotency, IdempotencyClaim, StoredResponse } from './idempotency.ts'
import type { Answer, Input, Operation } from './operation.ts'
import type { AdminParts } from './parts.ts'
import type { Principal } from './principal.ts'
import { checkTenant, noSuchTenant } from './tenant-check.ts'
import { validate } from './validate.ts'

/** What running an operation needs besides the parts that it administers. */
export interface PipelineWorld {
  readonly parts: AdminParts
  readonly idempotency: Idempotency
  readonly newId: IdFactory
  readonly authenticate: (request: Request, address: string) => Promise<Outcome<Principal>>
  /** Called with details that must not reach the caller. */
  readonly onInternal: (message: string, requestId: string) => void
}

/** A request that matches an operation. */
export interface Matched {
  readonly operation: Operation
  readonly request: Request
  readonly address: string
  readonly pathParameters: Readonly<Record<string, string>>
}

const BODY_BYTES_MAX = 256 * 1024
const JSON_TYPE = 'application/json'

/**
 * Runs an operation: authenticates and authorizes the caller, validates the request, checks its Idempotency-Key, then
 * makes the change between its two audit records, and answers.
 */
export async function runOperation(matched: Matched, world: PipelineWorld): Promise<Response> {
  const requestId = world.newId('req')
  const { request, address, operation } = matched
  try {
    const principal = await world.authenticate(request, address)
    if (!principal.ok) return refusalResponse(principal.refusal, requestId, world)
    const input = await prepare(matched, principal.value, requestId, world.parts)
    if (!input.ok) return refusalResponse(input.refusal, requestId, world)
    if (operation.action === undefined) {
      const outcome = await operation.run(input.value, world.parts)
      if (!outcome.ok) return refusalResponse(outcome.refusal, requestId, world)
      return answerResponse(outcome.value, matched, requestId)
    }
    return await runChange(matched, input.value, world)
  } catch (error) {
    return refusalResponse(refusalOf(error), requestId, world)
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof DataUnwritableError) {
    return refuse('unavailable', {
      detail: 'The data cannot be written, so the change was not made.',
      internal: error.message,
    })
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return refuse('internal_error', { internal: trace })
}

interface Prepared extends Input<unknown, unknown, unknown> {
  readonly bytes: Uint8Array
}

async function prepare(
  matched: Matched,
  principal: Principal,
  requestId: string,
  parts: AdminParts,
): Promise<Outcome<Prepared>> {
  const { operation, request, address } = matched
  const params = validate(operation.params, matched.pathParameters, 'path')
  const refusal = authorize(operation, principal, matched.pathParameters)
  if (refusal !== undefined) return { ok: false, refusal }
  // An invalid id cannot exist.
  if (!params.ok) return fail('not_found')
  const rawQuery = readQuery(new URL(request.url).searchParams)
  if (!rawQuery.ok) return rawQuery
  const query = validate(operation.query, rawQuery.value, 'query')
  if (!query.ok) return query
  const ifVersion = operation.conditional === true ? readIfMatch(request) : succeed(undefined)
  if (!ifVersion.ok) return ifVersion
  const bytes = await readBody(request, operation.bodyBytesMax ?? BODY_BYTES_MAX)
  if (!bytes.ok) return bytes
  const body = parseBody(operation, bytes.value, request.headers.get('content-type'))
  if (!body.ok) return body
  if (operation.scope === 'tenant') {
    const missing = await checkTenant(matched.pathParameters['tenantId'] ?? '', parts)
    if (missing !== undefined) return { ok: false, refusal: missing }
  }
  return succeed({
    params: params.value,
    query: query.value,
    body: body.value,
    principal,
    ifVersion: ifVersion.value,
    requestId,
    address,
    bytes: bytes.value,
  })
}

/** Foreign tenants look exactly like tenants that do not exist. */
function authorize(
  operation: Operation,
  principal: Principal,
  pathParameters: Readonly<Record<string, string>>,
): Refusal | undefined {
  const { permission } = operation
  if (permission !== undefined && !principal.permissions.has(permission)) {
    return refuse('permission_denied', { detail: `This needs the permission ${permission}.` })
  }
  if (principal.tenantId === undefined) return undefined
  if (operation.scope === 'tenant' && pathParameters['tenantId'] !== principal.tenantId) {
    return noSuchTenant(pathParameters['tenantId'] ?? '')
  }
  return undefined
}

function readQuery(parameters: URLSearchParams): Outcome<Record<string, string>> {
  const names = [...parameters.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    const detail = `The query parameter ${JSON.stringify(twice)} stands there twice.`
    return fail('bad_request', { detail })
  }
  return succeed(Object.fromEntries(parameters))
}

function parseBody(
  operation: Operation,
  bytes: Uint8Array,
  contentType: string | null,
): Outcome<unknown> {
  if (operation.body === undefined) {
    return bytes.length === 0
      ? succeed(undefined)
      : fail('bad_request', { detail: 'This operation takes no body.' })
  }
  if (bytes.length === 0 && operation.body.safeParse(undefined).success) {
    return validate(operation.body, undefined, 'body')
  }
  const json = parseJsonBody(bytes, contentType)
  return json.ok ? validate(operation.body, json.value, 'body') : json
}

async function runChange(
  matched: Matched,
  input: Prepared,
  world: PipelineWorld,
): Promise<Response> {
  const claim = await claimIdempotency(matched.request, input, world)
  if (claim?.kind === 'refused') return refusalResponse(claim.refusal, input.requestId, world)
  if (claim?.kind === 'replay') {
    const { status, headers, body } = claim.response
    const replayed = { ...headers, 'idempotency-replayed': 'true', 'x-request-id': input.requestId }
    return new Response(body === '' ? null : body, { status, headers: replayed })
  }
  const run = claim ?? undefined
  try {
    return await makeChange(matched, input, world, run)
  } catch (error) {
    run?.abandon()
    throw error
  }
}

async function claimIdempotency(
  request: Request,
  input: Prepared,
  world: PipelineWorld,
): Promise<IdempotencyClaim | undefined> {
  const key = request.headers.get('idempotency-key')
  if (key === null) return undefined
  const url = new URL(request.url)
  return world.idempotency.begin({
    key,
    principalId: `${input.principal.kind}:${input.principal.id}`,
    credential: request.headers.get('authorization') ?? '',
    method: request.method,
    url: url.pathname + url.search,
    ifMatch: request.headers.get('if-match'),
    body: input.bytes,
  })
}

type Run = Extract<IdempotencyClaim, { kind: 'run' }>

async function makeChange(
  matched: Matched,
  input: Prepared,
  world: PipelineWorld,
  run: Run | undefined,
): Promise<Response> {
  const { operation, pathParameters } = matched
  const { requestId } = input
  const record = recordChange(world.parts.ledger, {
    action: operation.action ?? operation.id,
    principal: input.principal,
    tenantId: pathParameters['tenantId'],
    target: targetOf(operation, pathParameters),
    method: matched.request.method,
    route: `/v1${operation.path}`,
    requestId,
    address: input.address,
  })
  const unable = await record.intend()
  if (unable !== undefined) {
    await run?.forget()
    return refusalResponse(unable, requestId, world)
  }
  const outcome = await operation.run(input, world.parts)
  const isComplete = (world.parts.untold?.() ?? 0) === 0
  const unsettled = outcome.ok
    ? await record.settle('ok', isComplete ? operation.status : ACCEPTED, outcome.value.change)
    : await record.settle(outcome.refusal.code, REFUSALS[outcome.refusal.code].status)
  if (unsettled !== undefined) {
    run?.abandon()
    return refusalResponse(unsettled, requestId, world)
  }
  const kept = outcome.ok
    ? withPending(describeAnswer(outcome.value, matched, requestId), isComplete)
    : describeRefusal(outcome.refusal, requestId)
  if (!outcome.ok) noteInternal(outcome.refusal, requestId, world)
  // The change is made and recorded; a failure to keep its answer must not hide that.
  await run?.finish(kept).catch((error: unknown) => {
    run.abandon()
    world.onInternal(`an idempotent answer could not be stored: ${String(error)}`, requestId)
  })
  return new Response(kept.body === '' ? null : kept.body, kept)
}

/** RFC 9110 §15.3.3: the change is made and in force here, and other gates will learn of it. */
const ACCEPTED = 202

/**
 * The answer to a change that other gates do not know yet, because the bus is unreachable. It is still a success,
 * because the change is stored and in force here, and its result (a secret, for example) is given only once. But it has
 * a distinct status and field, so that nobody assumes that the change is in force everywhere.
 */
const withPending = (answer: StoredResponse, isComplete: boolean): StoredResponse =>
  isComplete
    ? answer
    : { ...answer, status: ACCEPTED, headers: { ...answer.headers, 'tollgate-pending': 'others' } }

/** What a path names: the last resource in it, or the tenant if the change concerns the tenant itself. */
function targetOf(
  operation: Operation,
  pathParameters: Readonly<Record<string, string>>,
): string | undefined {
  const { tenantId, ...rest } = pathParameters
  const names = Object.values(rest)
  if (names.length > 0) return names.join('/')
  return operation.action?.startsWith('tenant.') === true ? tenantId : undefined
}

function describeAnswer(answer: Answer, matched: Matched, requestId: string): StoredResponse {
  const headers: Record<string, string> = { 'cache-control': 'no-store', 'x-request-id': requestId }
  if (answer.version !== undefined) headers['etag'] = etagOf(answer.version)
  if (answer.location !== undefined) headers['location'] = answer.location
  if (answer.body === undefined) return { status: 204, headers, body: '' }
  headers['content-type'] = JSON_TYPE
  return { status: matched.operation.status, headers, body: JSON.stringify(answer.body) }
}

function answerResponse(answer: Answer, matched: Matched, requestId: string): Response {
  if (answer.stream !== undefined) {
    const headers = {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-request-id': requestId,
    }
    return new Response(streamOf(answer.stream), { headers })
  }
  const described = describeAnswer(answer, matched, requestId)
  const { etag } = described.headers as { readonly etag?: string }
  if (etag !== undefined && isNotModified(matched.request, etag)) {
    return new Response(null, { status: 304, headers: { etag, 'x-request-id': requestId } })
  }
  return new Response(described.body === '' ? null : described.body, described)
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

function describeRefusal(refusal: Refusal, requestId: string): StoredResponse {
  const headers = {
    ...refusal.headers,
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    'x-request-id': requestId,
  }
  const body = renderProblem(refusal, requestId)
  return { status: REFUSALS[refusal.code].status, headers, body }
}

/** Turns a refusal into a response; internal details go to the log. */
export function refusalResponse(
  refusal: Refusal,
  requestId: string,
  world: Pick<PipelineWorld, 'onInternal'>,
): Response {
  noteInternal(refusal, requestId, world)
  const described = describeRefusal(refusal, requestId)
  return new Response(described.body, described)
}

function noteInternal(
  refusal: Refusal,
  requestId: string,
  world: Pick<PipelineWorld, 'onInternal'>,
): void {
  if (refusal.internal !== undefined) world.onInternal(refusal.internal, requestId)
}
