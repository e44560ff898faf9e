import { z } from 'zod'
import { cidr, duration, name } from '../core/config/fields.ts'
import type { RefusalCode } from '../core/refusal.ts'
import { REFUSALS } from '../core/refusal.ts'

/**
 * What a limit can count by. `client` is the credential when there is one and the address otherwise. A caller that
 * lacks what is asked for (an anonymous caller has no key) is counted by the next best thing, user → key →
 * address, and never goes uncounted.
 */
const SUBJECT_KINDS = ['client', 'address', 'key', 'user', 'tenant', 'route'] as const

/** One of {@link SUBJECT_KINDS}. */
export type SubjectKind = (typeof SUBJECT_KINDS)[number]

const units = (): z.ZodInt => z.int().min(1).max(1_000_000_000_000)

const common = {
  by: z
    .union([z.enum(SUBJECT_KINDS), z.array(z.enum(SUBJECT_KINDS)).min(1).max(4)])
    .default('client')
    .describe('What is counted: one subject, or a combination of several.'),
  shadow: z.boolean().default(false).describe('Count and report, but never refuse.'),
  plans: z
    .record(z.string().min(1).max(64), units())
    .default({})
    .describe('The value of `limit` for callers on a plan. `burst` grows in proportion.'),
  fail: z
    .enum(['closed', 'open', 'local'])
    .default('local')
    .describe(
      'What to do when shared counters are out of reach: refuse, admit, or count in this process only.',
    ),
}

const limitConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bucket').describe('Token bucket (GCRA).'),
    limit: units().describe('Units per window.'),
    window: duration().describe('Length of the window.'),
    burst: units().optional().describe('Units that may be used at once; defaults to `limit`.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('sliding').describe('Sliding window.'),
    limit: units().describe('Units per window.'),
    window: duration().describe('Length of the window.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('calendar').describe('Quota per calendar window; survives restarts.'),
    limit: units().describe('Units per window.'),
    window: z.enum(['minute', 'hour', 'day', 'week', 'month']).describe('Length of the window.'),
    utcOffset: z
      .string()
      .regex(/^[+-](0\d|1[0-4]):[0-5]\d$/)
      .default('+00:00')
      .describe('When the day begins, as an offset from UTC such as +02:00.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('concurrency').describe('Requests in flight.'),
    limit: units().describe('Requests at once.'),
    ...common,
  }),
])

/** One limit as configured. Durations are milliseconds once parsed. */
export type LimitConfig = z.output<typeof limitConfig>

const shipped = {
  default: limitConfig.parse({ kind: 'bucket', limit: 100, window: '1m' }),
  expensive: limitConfig.parse({ kind: 'bucket', limit: 30, window: '1m' }),
  daily: limitConfig.parse({ kind: 'calendar', limit: 10_000, window: 'day' }),
} as const

/** The names of the predefined limits. */
export const SHIPPED_LIMITS: readonly string[] = Object.keys(shipped)

/**
 * The `limits:` section: limits by name, for routes to refer to. Predefined, each per client, are `default` (100 a
 * minute), `expensive` (30 a minute) and `daily` (10,000 a calendar day); the section may redefine them.
 */
export const limitsConfig = z
  .record(name(), limitConfig)
  .default({})
  .transform((limits): Readonly<Record<string, LimitConfig>> => ({ ...shipped, ...limits }))

/** The parsed `limits:` section. */
export type LimitsConfig = z.output<typeof limitsConfig>

const refusalCodes = Object.keys(REFUSALS) as [RefusalCode, ...RefusalCode[]]

/** The `bans:` section: when repeated refusals turn into a ban, and for how long. */
export const bansConfig = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Ban automatically; manual bans always work.'),
    violations: z
      .int()
      .min(1)
      .max(1000)
      .default(5)
      .describe('Number of violations that lead to a ban.'),
    window: duration().prefault('10m').describe('Period in which they are counted.'),
    duration: duration().prefault('1h').describe('Duration of the first ban.'),
    factor: z
      .number()
      .min(1)
      .max(100)
      .default(2)
      .describe('Factor by which each further ban grows.'),
    durationMax: duration().prefault('7d').describe('Longest automatic ban.'),
    decay: duration()
      .prefault('24h')
      .describe('After each period of this length without a ban, one earlier ban is forgotten.'),
    subjects: z
      .array(z.enum(['address', 'key']))
      .min(1)
      .default(['address', 'key'])
      .describe('What is banned: the credential of a known caller, the address of any other.'),
    counts: z
      .array(z.enum(refusalCodes))
      .default(['rate_limited', 'credential_invalid', 'path_invalid'])
      .describe('Which refusals are violations.'),
    trusted: z.array(cidr()).default([]).describe('Addresses and networks that are never banned.'),
    subjectsMax: z
      .int()
      .min(100)
      .default(65_536)
      .describe('Subjects whose violations are remembered at once; the oldest are dropped first.'),
    bansMax: z
      .int()
      .min(100)
      .default(100_000)
      .describe('Automatic bans kept at once; the oldest are dropped first.'),
  })
  .prefault({})

/** The parsed `bans:` section. Durations are milliseconds. */
export type BansConfig = z.output<typeof bansConfig>
