import { z } from 'zod'
import {
  duration,
  headerName,
  headerValue,
  name,
  permission,
  size,
} from '../../core/config/fields.ts'
import { routeCacheConfig } from '../../cache/configuration.ts'
import { METHODS } from '../../core/methods.ts'
import { requestConfig } from '../../shield/index.ts'
import { parsePattern } from '../routing/pattern.ts'

/** Where a route reads a value from: a path parameter, a query parameter, or the JSON body. */
const valueSource = z
  .string()
  .regex(/^(path\.[A-Za-z_][A-Za-z0-9_]*|query\.[^\s.]+|body(\.[^\s.]+)+)$/, {
    error: 'expected path.<parameter>, query.<parameter> or body.<field>[.<field>…]',
  })

const allowListUse = z
  .strictObject({
    list: name().describe('Name of a list under `allowLists`.'),
    value: valueSource.describe('The value that must be on the list.'),
  })
  .describe('The request is refused unless the value is on the list.')

const respondConfig = z
  .strictObject({
    status: z.int().min(200).max(599).default(200).describe('Status of the response.'),
    headers: z.record(headerName(), headerValue()).default({}).describe('Headers of the response.'),
    body: z.union([z.string(), z.json()]).default('').describe('Text, or JSON to send as such.'),
  })
  .describe('Answer without an upstream.')

/** One route: which requests, who may, how much, what, and where to. */
export const routeConfig = z
  .strictObject({
    id: name().describe('Names the route in metrics, logs and the audit log.'),
    host: z
      .string()
      .regex(/^[a-z0-9.-]+$/, { error: 'expected a lowercase host name without a port' })
      .optional()
      .describe('Only requests for this host; defaults to any.'),
    path: z
      .string()
      .superRefine((text, context) => {
        const parsed = parsePattern(text)
        if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.reason })
      })
      .describe('Path pattern: `/scene/{id}`; `{rest...}` matches the remaining segments.'),
    methods: z
      .union([
        z.literal('any').transform((): (typeof METHODS)[number][] => [...METHODS]),
        z.array(z.enum(METHODS)).min(1),
      ])
      .prefault(['GET'])
      .describe('GET also admits HEAD; `any` stands for every method the gate can forward.'),
    credentials: z
      .array(z.enum(['key', 'token', 'session', 'anonymous']))
      .min(1)
      .default(['key', 'token'])
      .describe('Which credentials are accepted; `anonymous` admits requests without any.'),
    permission: permission().optional().describe('The permission the caller must have.'),
    tenant: valueSource.optional().describe("A value that must be the caller's own tenant id."),
    allowList: allowListUse.optional(),
    policy: name()
      .optional()
      .describe('A policy under `policies`, evaluated after every other check has passed.'),
    limits: z
      .array(name())
      .optional()
      .describe(
        'Names of limits; defaults to `defaults.limits`. A request is charged to all of them or to none.',
      ),
    cost: z.int().min(1).max(1_000_000).default(1).describe('Units that one request costs.'),
    request: requestConfig
      .omit({ bodyMax: true })
      .optional()
      .describe('What a request must look like; others are refused.'),
    bodyMax: size().optional().describe('Largest request body; defaults to `defaults.bodyMax`.'),
    upstream: name().optional().describe('Name of the upstream to forward to.'),
    respond: respondConfig.optional(),
    handler: z
      .literal(true)
      .optional()
      .describe('The program that embeds the gate answers; not for `tollgate serve`.'),
    stripPrefix: z
      .string()
      .regex(/^\/[^?#]*[^/?#]$/, { error: 'expected a path prefix such as /api' })
      .optional()
      .describe('Prefix removed from the path before forwarding.'),
    timeout: duration().optional().describe('Time limit for the whole exchange with the upstream.'),
    cache: routeCacheConfig.optional(),
    webSocket: z.boolean().default(false).describe('Admit WebSocket upgrades.'),
    audit: z.boolean().default(true).describe('Record requests to this route.'),
  })
  .refine(
    ({ upstream, respond, handler }) =>
      [upstream, respond, handler].filter((answer) => answer !== undefined).length === 1,
    { error: 'a route needs exactly one of `upstream`, `respond` and `handler`' },
  )
  .refine(({ cache, respond }) => cache === undefined || respond === undefined, {
    error: '`cache` is for routes with `upstream` or `handler`: a fixed answer needs none',
    path: ['cache'],
  })
  .meta({ id: 'Route' })

/** A parsed route: durations in milliseconds, sizes in bytes. */
export type RouteConfig = z.output<typeof routeConfig>
