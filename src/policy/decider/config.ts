import { z } from 'zod'
import { duration, name } from '../../core/config/fields.ts'

const entry = z.string().regex(/^data(\.[A-Za-z_][A-Za-z0-9_]*)+$/, {
  error: 'expected a rule such as data.app.authz.allow',
})

const places = {
  paths: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Files and folders with `*.rego`, JSON and YAML.'),
  bundle: z.string().min(1).optional().describe('An OPA bundle: `tar.gz`, or a folder.'),
}

const somewhere = (value: { readonly paths?: unknown; readonly bundle?: unknown }): boolean =>
  (value.paths === undefined) !== (value.bundle === undefined)
const SOMEWHERE = { error: 'a policy needs exactly one of `paths` and `bundle`' }

const shadow = z
  .strictObject({ ...places, entry: entry.optional().describe('Default: that of the policy.') })
  .refine(somewhere, SOMEWHERE)
  .describe('Asked too, without deciding: a report says whose decision would change.')

const policy = z
  .strictObject({
    ...places,
    entry: entry.describe('The rule that is asked: true, or `{"allow": true}`, allows.'),
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
      .describe('Loop passes and calls one decision may take; more is refused.'),
    timeout: duration().prefault('50ms').describe('Time one decision may take; more is refused.'),
    verdicts: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .describe('Verdicts remembered, by what the policy reads: for policies that take long.'),
    shadow: shadow.optional(),
  })
  .refine(somewhere, SOMEWHERE)
  .meta({ id: 'Policy' })

/** Configuration of policies in Rego, by name. */
export const policiesConfig = z
  .record(name(), policy)
  .default({})
  .describe('Policies in Rego that routes ask.')

/** One policy after parsing: durations in milliseconds. */
export type RegoPolicyConfig = z.output<typeof policy>

/** The configuration after parsing. */
export type PoliciesConfig = z.output<typeof policiesConfig>
