import { z } from 'zod'
import type { Outcome } from '../../../core/refusal.ts'
import { succeed } from '../../../core/refusal.ts'
import type { AuditFilter, AuditReader, Ledger } from '../../../ledger/index.ts'
import type { OperationFacts } from '../operation.ts'
import { operation } from '../operation.ts'
import { badCursor, pageOf, pageQuery } from '../pages.ts'
import { noParams, noQuery } from '../parameters.ts'
import type { Principal } from '../principal.ts'
import { noSuchTenant } from '../tenant-check.ts'
import { auditRecord, checkpointView, verifyReport } from '../views.ts'

const facts = {
  path: '/audit',
  tag: 'Audit',
  scope: 'either',
  permission: 'tollgate.tenant.audit:read',
  status: 200,
} as const satisfies Partial<OperationFacts>

const instant = (): z.ZodType<number, string> =>
  z.string().transform((text, context) => {
    const ms = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text)
    if (Number.isSafeInteger(ms)) return ms
    const message = 'expected milliseconds since the epoch or a date such as 2026-01-31T12:00:00Z'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const text = (): z.ZodOptional<z.ZodString> => z.string().min(1).max(256).optional()

const filterShape = {
  tenantId: text().describe('Only records of this tenant.'),
  actorId: text(),
  action: text(),
  outcome: text(),
  kind: z.enum(['traffic', 'admin', 'system', 'gap']).optional(),
  requestId: text(),
  from: instant().optional().describe('Earliest time: milliseconds, or a date (RFC 3339).'),
  to: instant().optional().describe('Latest time.'),
}

const filterQuery = z.strictObject(filterShape)
type FilterQuery = z.output<typeof filterQuery>

function filterOf(query: FilterQuery): AuditFilter {
  const { tenantId: _tenant, from, to, ...rest } = query
  const given = { ...rest, fromMs: from, toMs: to }
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as AuditFilter
}

function readerFor(
  ledger: Ledger,
  principal: Principal,
  tenantId: string | undefined,
): Outcome<AuditReader> {
  if (principal.tenantId === undefined) {
    return succeed(tenantId === undefined ? ledger.across() : ledger.tenant(tenantId))
  }
  return tenantId === undefined || tenantId === principal.tenantId
    ? succeed(ledger.tenant(principal.tenantId))
    : { ok: false, refusal: noSuchTenant(tenantId) }
}

/** The audit log. */
export const auditOperations = [
  operation({
    ...facts,
    id: 'queryAudit',
    method: 'get',
    summary: 'Search audit records, newest first',
    description: 'Credentials of a tenant see only its records.',
    result: pageOf(auditRecord),
    params: noParams,
    query: pageQuery.extend(filterShape),
    run: async ({ query: { limit, cursor, ...filter }, principal }, { ledger }) => {
      const reader = readerFor(ledger, principal, filter.tenantId)
      if (!reader.ok) return reader
      try {
        const page = await reader.value.query({
          ...filterOf(filter),
          limit,
          ...(cursor !== undefined && { cursor }),
        })
        return succeed({ body: { data: page.records, nextCursor: page.nextCursor ?? null } })
      } catch (error) {
        if (error instanceof RangeError) return badCursor()
        throw error
      }
    },
  }),
  operation({
    ...facts,
    id: 'exportAudit',
    method: 'get',
    path: '/audit/export',
    summary: 'Export audit records as NDJSON, oldest first',
    description: 'The lines exactly as they are in the log.',
    ndjson: true,
    params: noParams,
    query: filterQuery,
    run: ({ query, principal }, { ledger }) => {
      const reader = readerFor(ledger, principal, query.tenantId)
      return reader.ok ? succeed({ stream: reader.value.export(filterOf(query)) }) : reader
    },
  }),
  operation({
    ...facts,
    id: 'verifyAudit',
    method: 'post',
    path: '/audit/verify',
    summary: 'Walk the chain and find any changed, missing or reordered record',
    scope: 'installation',
    permission: 'tollgate.system.audit:read',
    result: verifyReport,
    params: noParams,
    query: noQuery,
    body: z
      .strictObject({
        checkpoint: checkpointView
          .optional()
          .describe('A checkpoint saved earlier, outside the log.'),
      })
      .optional(),
    run: async ({ body }, { ledger }) => {
      const checkpoint = body?.checkpoint
      const report = await ledger.verify(checkpoint === undefined ? {} : { checkpoint })
      return succeed({ body: { ...report, fault: report.fault ?? null } })
    },
  }),
  operation({
    ...facts,
    id: 'getCheckpoint',
    method: 'get',
    path: '/audit/checkpoint',
    summary:
      'Get the newest record on disk: save it elsewhere, to prove later that nothing was cut off',
    scope: 'installation',
    permission: 'tollgate.system.audit:read',
    result: checkpointView,
    params: noParams,
    query: noQuery,
    run: (_input, { ledger }) => succeed({ body: ledger.checkpoint() }),
  }),
]
