import { z } from 'zod'
import { fail, succeed } from '../../../core/refusal.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { noParams, noQuery } from '../parameters.ts'

const facts = {
  tag: 'Cache',
  scope: 'installation',
  status: 200,
} as const satisfies Partial<OperationFacts>

const count = (): z.ZodInt => z.int().nonnegative()

const responseStats = z
  .object({
    hit: count().describe('Answered with a fresh stored response.'),
    stale: count().describe('Answered with a stale stored response while it is revalidated.'),
    miss: count().describe('Forwarded to the upstream, because no stored response could be used.'),
    revalidated: count().describe('Of these, stored responses confirmed by a 304.'),
    bypass: count().describe('Not cacheable: conditions meant for the origin, or no-store.'),
    stored: count(),
    storedBytes: count().describe('Bytes stored since startup.'),
    notStored: z.record(z.string(), count()).describe('Responses not stored, by reason.'),
    invalidations: count().describe('Invalidations: purges, and unsafe methods.'),
    waiting: count().describe('Requests waiting for an identical one.'),
    entries: count().describe('URLs stored now.'),
    bytes: count().describe('Bytes of memory used now.'),
  })
  .meta({ id: 'ResponseStats' })

const ABSOLUTE = 'An absolute URL is purged, as clients ask for it: https://api.example.com/scenes.'
/** What a subject must be, for error messages. */
const SUBJECTS = {
  url: ABSOLUTE,
  path: ABSOLUTE,
  key: 'A surrogate key is purged, as `Surrogate-Key` of a response gave it.',
  route: 'A route is purged by its id.',
  tenant: 'A tenant is purged by its id.',
  all: 'All has no subject.',
} as const

const purgeInput = z
  .strictObject({
    kind: z
      .enum(['url', 'path', 'key', 'route', 'tenant', 'all'])
      .describe('`path` purges a path with every query; `key` is a surrogate key.'),
    subject: z
      .string()
      .min(1)
      .max(8192)
      .optional()
      .describe('URL with its host, surrogate key, route id or tenant id; none for `all`.'),
  })
  .meta({ id: 'PurgeInput' })

const purged = z.object({ kind: z.string(), subject: z.string().nullable() }).meta({ id: 'Purged' })

/** Stored responses. */
export const cacheOperations = [
  operation({
    ...facts,
    id: 'getCache',
    method: 'get',
    path: '/cache',
    summary: 'Show figures of the response cache since startup, and what is stored',
    permission: 'tollgate.system.cache:read',
    result: responseStats,
    params: noParams,
    query: noQuery,
    run: async (_input, { cache }) => succeed({ body: await cache.stats() }),
  }),
  operation({
    ...facts,
    id: 'purgeCache',
    method: 'post',
    path: '/cache/purge',
    summary: 'Purge stored responses by URL, path, surrogate key, route or tenant, or all of them',
    description:
      'Takes one step, however many responses there are. When it is answered, the purge holds in all processes of this gate; at other gates, as soon as the notice has arrived.',
    permission: 'tollgate.system.cache:write',
    action: 'cache.purge',
    result: purged,
    params: noParams,
    query: noQuery,
    body: purgeInput,
    run: async ({ body: { kind, subject } }, { cache }) => {
      if (!cache.purge(kind, subject)) {
        return fail('request_invalid', { detail: SUBJECTS[kind] })
      }
      await cache.settled()
      const body = { kind, subject: subject ?? null }
      return succeed({ body, change: { target: `${kind}:${subject ?? ''}`, after: body } })
    },
  }),
]
