import { z } from 'zod'
import { duration, name } from '../../core/config/fields.ts'
import { decisionLogConfig } from '../decisions/config.ts'
import { remoteBundleConfig } from '../remote/config.ts'

const entry = z.string().regex(/^data(\.[A-Za-z_][A-Za-z0-9_]*)+$/, {
  error: 'expected a rule such as data.app.authz.allow',
})

const places = {
  paths: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Files and folders with `*.rego`, JSON and YAML.'),
  bundle: z
    .union([z.string().min(1), remoteBundleConfig])
    .optional()
    .describe('An OPA bundle: a `tar.gz` file, a folder, or a bundle on a server.'),
}

const somewhere = (value: { readonly paths?: unknown; readonly bundle?: unknown }): boolean =>
  value.paths !== undefined || value.bundle !== undefined
const SOMEWHERE = { error: 'a policy needs `paths` or `bundle`' }

const shadow = z
  .strictObject({ ...places, entry: entry.optional().describe('Defaults to that of the policy.') })
  .refine(somewhere, SOMEWHERE)
  .describe(
    'A second policy that is evaluated but does not decide; a report says which decisions would change.',
  )

const policy = z
  .strictObject({
    ...places,
    entry: entry.describe('The rule to evaluate; `true` or `{"allow": true}` allows.'),
    headers: z
      .array(
        z
          .string()
          .regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'expected a lowercase header name' }),
      )
      .default([])
      .describe('Request headers that the policy may see.'),
    steps: z
      .int()
      .min(1000)
      .max(1_000_000_000)
      .default(1_000_000)
      .describe(
        'Loop passes and calls allowed for one decision; beyond that, the request is refused.',
      ),
    timeout: duration()
      .prefault('50ms')
      .describe('Time allowed for one decision; beyond that, the request is refused.'),
    verdicts: z
      .union([z.literal('auto'), z.int().min(0).max(1_000_000)])
      .default('auto')
      .describe(
        'Maximum number of verdicts remembered. `auto`: 10000, where deciding is measured to be slow.',
      ),
    shadow: shadow.optional(),
  })
  .refine(somewhere, SOMEWHERE)
  .meta({ id: 'Policy' })

const policyName = name()

/** Configuration of policies in Rego, by name, and of the log of their decisions. */
export const policiesConfig = z
  .object({
    decisionLog: decisionLogConfig.optional().describe('Log of the decisions of all policies.'),
  })
  .catchall(policy)
  .superRefine((policies, context) => {
    for (const [key] of namedPolicies(policies)) {
      const parsed = policyName.safeParse(key)
      if (parsed.success) continue
      const message = parsed.error.issues[0]?.message ?? 'not a name'
      context.addIssue({ code: 'custom', message, path: [key], input: key })
    }
  })
  .default({})
  .describe('Rego policies that routes use, and the log of their decisions.')

/** One policy after parsing: durations in milliseconds. */
export type RegoPolicyConfig = z.output<typeof policy>

/** The configuration after parsing. */
export type PoliciesConfig = z.output<typeof policiesConfig>

/** The policies of a configuration, by name. */
export function namedPolicies(
  policies: PoliciesConfig,
): readonly (readonly [name: string, policy: RegoPolicyConfig])[] {
  const { decisionLog: _log, ...named } = policies
  return Object.entries(named as Readonly<Record<string, RegoPolicyConfig>>)
}
