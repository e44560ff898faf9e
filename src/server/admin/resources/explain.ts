import { z } from 'zod'
import { canonicalAddress } from '../../../core/address.ts'
import { fail, succeed } from '../../../core/refusal.ts'
import { operation } from '../operation.ts'
import { noParams, noQuery } from '../parameters.ts'
import { checkTenant, noSuchTenant } from '../tenant-check.ts'
import { explanation } from '../views.ts'

const explainInput = z
  .strictObject({
    method: z
      .string()
      .regex(/^[A-Z]{1,16}$/, 'expected a method in capitals, such as GET')
      .default('GET'),
    url: z.string().min(1).max(8192).describe('Absolute, or a path beginning with "/".'),
    headers: z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/), z.string().max(8192))
      .default({})
      .describe('Request headers, including the credential.'),
    body: z.string().optional(),
    address: z
      .string()
      .refine((address) => canonicalAddress(address) !== undefined, 'expected an IP address')
      .optional()
      .describe('The client address; 127.0.0.1 when left out.'),
    keyId: z.string().max(128).optional().describe('Explain as this API key, without its secret.'),
    tenantId: z.string().max(64).optional().describe('The tenant of `keyId`.'),
  })
  .meta({ id: 'ExplainInput' })

/** Explanations of decisions. */
export const explainOperations = [
  operation({
    id: 'explain',
    method: 'post',
    path: '/explain',
    tag: 'Explain',
    scope: 'either',
    permission: 'tollgate.tenant.explain:read',
    summary: 'Run a request through the compiled path and show what each layer says',
    description: 'Nothing is taken from limits, sent to upstreams or recorded as traffic.',
    status: 200,
    result: explanation,
    params: noParams,
    query: noQuery,
    body: explainInput,
    run: async ({ body, principal }, parts) => {
      if (body.tenantId !== undefined) {
        const isForeign = principal.tenantId !== undefined && principal.tenantId !== body.tenantId
        const missing = isForeign
          ? noSuchTenant(body.tenantId)
          : await checkTenant(body.tenantId, parts)
        if (missing !== undefined) return { ok: false, refusal: missing }
      }
      const tenantId = principal.tenantId ?? body.tenantId
      if (body.keyId !== undefined && tenantId === undefined) {
        return fail('bad_request', { detail: 'Name the tenant of the key: tenantId.' })
      }
      const explained = await parts.gate.explain({
        method: body.method,
        url: body.url,
        headers: body.headers,
        body: body.body,
        address: body.address,
        keyId: body.keyId,
        tenantId,
      })
      return explained.ok ? succeed({ body: explained.value }) : explained
    },
  }),
]
