import { z } from 'zod'
import { duration } from '../core/config/fields.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const keys = z.strictObject({
  /** What every credential starts with: `tg` makes `tg_live_…`. */
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,15}$/, 'expected up to 16 of a-z and 0-9')
    .default('tg'),
  /** Environments whose keys this gate accepts. */
  environments: z
    .array(z.enum(['live', 'test']))
    .min(1)
    .default(['live', 'test']),
  /** How long the secret before a rotation keeps working, unless the rotation says. */
  rotationOverlap: duration().default(DAY_MS),
})

const cache = z.strictObject({
  /** Known credentials held in memory; some 300 bytes each. */
  entriesMax: z.int().min(1).max(10_000_000).default(250_000),
  /**
   * The longest a credential is trusted without asking storage again: default 10 minutes where one
   * process makes all changes, and so hears of each before it is acknowledged, else 30 seconds.
   */
  ageMax: duration().optional(),
  /** How long a refused credential is remembered; forgotten at any change. */
  negativeAge: duration().default(10_000),
  /** Loads from storage at one time; more are refused with 503. */
  loadsMax: z.int().min(1).max(100_000).default(2000),
})

const tokens = z.strictObject({
  accessTtl: duration().default(DAY_MS),
  accessTtlMax: duration().default(7 * DAY_MS),
  /** From the first issue on, however often it is refreshed. */
  refreshTtl: duration().default(30 * DAY_MS),
})

const sessions = z.strictObject({
  idleTimeout: duration().default(HOUR_MS),
  absoluteTimeout: duration().default(12 * HOUR_MS),
  /** Beyond these the oldest session of the user ends. */
  perUserMax: z.int().min(1).max(100).default(10),
})

const lockout = z.strictObject({
  /** Failures that an account forgives; beyond, each further one doubles the wait. */
  accountFailures: z.int().min(1).max(1000).default(5),
  /** Failures that an address forgives, over all accounts. */
  addressFailures: z.int().min(1).max(10_000).default(20),
  /** The first wait. */
  waitMin: duration().default(30_000),
  waitMax: duration().default(HOUR_MS),
  /** In this time half of the failures are forgotten. */
  halfLife: duration().default(15 * MINUTE_MS),
  /** Accounts and addresses watched; the longest unseen are forgotten first. */
  subjectsMax: z.int().min(100).max(10_000_000).default(100_000),
})

const passwords = z.strictObject({
  lengthMin: z.int().min(8).max(128).default(8),
  /** Argon2id memory (19 MiB is OWASP's minimum), passes, and lanes. */
  memoryKiB: z.int().min(19_456).max(1_048_576).default(19_456),
  passes: z.int().min(2).max(20).default(2),
  /** Passwords hashed at one time, each with that much memory; others wait. */
  concurrencyMax: z.int().min(1).max(64).default(2),
  /** Passwords waiting to be hashed; more are refused with 503. */
  waitingMax: z.int().min(1).max(10_000).default(100),
})

/** Configuration of identity. All durations are written as text, such as `24h`. */
export const identityConfig = z.strictObject({
  keys: keys.prefault({}),
  cache: cache.prefault({}),
  tokens: tokens.prefault({}),
  sessions: sessions.prefault({}),
  lockout: lockout.prefault({}),
  passwords: passwords.prefault({}),
})

/** The configuration after parsing: durations are milliseconds. */
export type IdentityConfig = z.output<typeof identityConfig>
