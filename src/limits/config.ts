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
    .describe('Who is counted: one subject, or several that are counted together.'),
  shadow: z.boolean().default(false).describe('Count and report, but never refuse.'),
  plans: z
    .record(z.string().min(1).max(64), units())
    .default({})
    .describe('The value of `limit` for callers on a plan. `burst` grows in proportion.'),
  fail: z
    .enum(['closed', 'open', 'local'])
    .default('local')
    .describe(
      'When shared counters are out of reach: refuse, let pass, or count in this process alone.',
    ),
}

const limitConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bucket').describe('Token bucket (GCRA).'),
    limit: units().describe('Units per window.'),
    window: duration().describe('The time that `limit` is for.'),
    burst: units().optional().describe('Units that may be used at once; default: the limit.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('sliding').describe('Sliding window.'),
    limit: units().describe('Units per window.'),
    window: duration().describe('The time that `limit` is for.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('calendar').describe('Quota of a calendar window; survives restarts.'),
    limit: units().describe('Units per window.'),
    window: z
      .enum(['minute', 'hour', 'day', 'week', 'month'])
      .describe('The time that `limit` is for.'),
    utcOffset: z
      .string()
      .regex(/^[+-](0\d|1[0-4]):[0-5]\d$/)
      .default('+00:00')
      .describe('Where the day begins, as an offset from UTC such as +02:00.'),
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
    enabled: z.boolean().default(true).describe('Ban automatically; bans by hand always work.'),
    violations: z.int().min(1).max(1000).default(5).describe('Refusals that make a ban.'),
    window: duration().prefault('10m').describe('Within how long they must fall.'),
    duration: duration().prefault('1h').describe('Length of a first ban.'),
    factor: z.number().min(1).max(100).default(2).describe('Growth with each further ban.'),
    durationMax: duration().prefault('7d').describe('Length no automatic ban exceeds.'),
    decay: duration()
      .prefault('24h')
      .describe('After each such time without a ban, one earlier ban is forgotten.'),
    subjects: z
      .array(z.enum(['address', 'key']))
      .min(1)
      .default(['address', 'key'])
      .describe('What is banned: the credential of known callers, the address of others.'),
    counts: z
      .array(z.enum(refusalCodes))
      .default(['rate_limited', 'credential_invalid', 'path_invalid'])
      .describe('Which refusals are violations.'),
    trusted: z.array(cidr()).default([]).describe('Addresses and networks never banned.'),
    subjectsMax: z
      .int()
      .min(100)
      .default(65_536)
      .describe('Subjects whose violations are remembered at once; the oldest give way.'),
    bansMax: z
      .int()
      .min(100)
      .default(100_000)
      .describe('Automatic bans kept at once; the oldest give way.'),
  })
  .prefault({})

/** The parsed `bans:` section. Durations are milliseconds. */
export type BansConfig = z.output<typeof bansConfig>
