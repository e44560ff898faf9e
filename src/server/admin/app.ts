import { OpenAPIHono } from '@hono/zod-openapi'
import type { Clock } from '../../core/clock.ts'
import { createIdFactory } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import { refuse } from '../../core/refusal.ts'
import type { Records } from '../../storage/index.ts'
import { createAdmission } from './admit.ts'
import { authenticate } from './authenticate.ts'
import { describeApi } from './document.ts'
import { createIdempotency } from './idempotency.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import type { AdminParts } from './parts.ts'
import { createPenalties } from './penalties.ts'
import type { PipelineWorld } from './pipeline.ts'
import { refusalResponse, runOperation } from './pipeline.ts'
import { REFERENCE_CSP, renderReference } from './reference/render.ts'

/** The options of the admin API. */
export interface AdminOptions extends Omit<AdminParts, 'clock'> {
  readonly clock: Clock
  readonly random: Random
  readonly records: Records
  /** Host names it answers to, beyond `localhost`, `127.0.0.1` and `[::1]`; without ports. */
  readonly hosts?: readonly string[]
  /** Called with details that must not reach callers, for the log. */
  readonly onInternal?: (message: string, requestId: string) => void
}

/** The admin API as a function from request to response. */
export interface AdminApp {
  /** @param info.address the client's address as the socket reports it */
  fetch(request: Request, info: { readonly address: string }): Promise<Response>
  /** Removes expired idempotent answers. Call it regularly (such as every 10 min). */
  sweep(): Promise<number>
}

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** Creates the admin API. */
export function createAdminApp(options: AdminOptions): AdminApp {
  const { clock, random, records, onInternal = () => undefined } = options
  const admit = createAdmission(options.hosts ?? [])
  const penalties = createPenalties(clock)
  const idempotency = createIdempotency({ records, clock, random })
  const world: PipelineWorld = {
    parts: options,
    idempotency,
    newId: createIdFactory(clock, random),
    onInternal,
    authenticate: async (request, address) =>
      authenticate(request, address, { ...options, penalties, onBlocked: noteBlock }),
  }

  function noteBlock(address: string): void {
    const actor = { kind: 'anonymous', id: '' }
    const entry = { kind: 'system', actor, action: 'admin.block', outcome: 'rate_limited', address }
    options.ledger
      .append({ ...entry, kind: 'system' })
      .catch((error: unknown) => onInternal(`a block could not be recorded: ${String(error)}`, ''))
  }

  const app = createRoutes(world)
  return {
    async fetch(request, { address }) {
      const refusal = admit(request)
      const response =
        refusal === undefined
          ? await app.fetch(request, { address })
          : refusalResponse(refusal, world.newId('req'), world)
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        if (!response.headers.has(name)) response.headers.set(name, value)
      }
      return response
    },
    sweep: async () => idempotency.sweep(),
  }
}

interface Bindings {
  readonly Bindings: { readonly address: string }
}

function createRoutes(world: PipelineWorld): OpenAPIHono<Bindings> {
  const app = new OpenAPIHono<Bindings>()
  let document: string | undefined
  let reference: string | undefined
  app.get('/openapi.json', () => {
    document ??= JSON.stringify(describeApi(OPERATIONS))
    return new Response(document, { headers: { 'content-type': 'application/json' } })
  })
  app.get('/reference', () => {
    reference ??= renderReference(describeApi(OPERATIONS))
    return new Response(reference, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': REFERENCE_CSP,
      },
    })
  })
  app.get('/', (context) => context.redirect('/reference', 302))
  app.get('/health', (context) => context.json({ status: 'ok' }))
  for (const operation of OPERATIONS) {
    app.on(operation.method.toUpperCase(), honoPath(operation), async (context) =>
      runOperation(
        {
          operation,
          request: context.req.raw,
          address: context.env.address,
          pathParameters: context.req.param(),
        },
        world,
      ),
    )
  }
  app.notFound((context) => {
    const allowed = methodsAt(context.req.path)
    const refusal =
      allowed.length === 0
        ? refuse('route_unknown', { detail: 'See /openapi.json.' })
        : refuse('method_not_allowed', { headers: { allow: allowed.join(', ') } })
    return refusalResponse(refusal, world.newId('req'), world)
  })
  app.onError((error) =>
    refusalResponse(
      refuse('internal_error', { internal: error.stack ?? error.message }),
      world.newId('req'),
      world,
    ),
  )
  return app
}

const honoPath = (operation: Operation): string =>
  `/v1${operation.path}`.replaceAll(/\{(\w+)\}/g, ':$1')

const PLAIN_PATHS = new Set(['/', '/openapi.json', '/reference', '/health'])

function methodsAt(path: string): string[] {
  if (PLAIN_PATHS.has(path)) return ['GET', 'HEAD']
  const methods = OPERATIONS.filter((operation) => {
    const pattern = `^/v1${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`
    return new RegExp(pattern).test(path)
  }).map((operation) => operation.method.toUpperCase())
  if (methods.includes('GET')) methods.push('HEAD')
  return [...new Set(methods)].sort()
}
