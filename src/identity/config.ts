import { z } from 'zod'
import { duration } from '../core/config/fields.ts'

const keys = z.strictObject({
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,15}$/, 'expected up to 16 of a-z and 0-9')
    .default('tg')
    .describe('Prefix of every credential: `tg` makes `tg_live_…`.'),
  environments: z
    .array(z.enum(['live', 'test']))
    .min(1)
    .default(['live', 'test'])
    .describe('Environments whose keys are accepted.'),
  rotationOverlap: duration()
    .prefault('24h')
    .describe(
      'How long the old secret keeps working after a rotation that does not specify an overlap.',
    ),
})

const cache = z.strictObject({
  entriesMax: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(250_000)
    .describe('Known credentials held in memory; about 300 bytes each.'),
  ageMax: duration()
    .optional()
    .describe(
      'Longest time a credential is trusted without being read again. Defaults to 10m where one process makes all changes, and so knows of each before it is acknowledged; to 30s otherwise.',
    ),
  negativeAge: duration()
    .prefault('10s')
    .describe('How long a refused credential is remembered; forgotten on any change.'),
  loadsMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(2000)
    .describe('Concurrent loads from storage; further ones are refused with 503.'),
})

const tokens = z.strictObject({
  accessTtl: duration()
    .prefault('24h')
    .describe('Lifetime of access tokens when none is requested.'),
  accessTtlMax: duration().prefault('7d').describe('Longest lifetime an access token may have.'),
  refreshTtl: duration()
    .prefault('30d')
    .describe('Lifetime of refresh tokens, counted from the first issue, however often refreshed.'),
})

const sessions = z.strictObject({
  idleTimeout: duration()
    .prefault('1h')
    .describe('A session without requests ends after this time.'),
  absoluteTimeout: duration()
    .prefault('12h')
    .describe('A session ends after this time in any case.'),
  perUserMax: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('Maximum sessions per user; beyond that, the oldest ends.'),
})

const lockout = z.strictObject({
  accountFailures: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe(
      'Failed logins allowed per account without a wait; each further one doubles the wait.',
    ),
  addressFailures: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('Failed logins allowed per address without a wait, across all accounts.'),
  waitMin: duration().prefault('30s').describe('The first wait.'),
  waitMax: duration().prefault('1h').describe('The longest wait.'),
  halfLife: duration().prefault('15m').describe('Half of the failures are forgotten in this time.'),
  subjectsMax: z
    .int()
    .min(100)
    .max(10_000_000)
    .default(100_000)
    .describe('Accounts and addresses tracked; the least recently seen are forgotten first.'),
})

const passwords = z.strictObject({
  lengthMin: z
    .int()
    .min(8)
    .max(128)
    .default(8)
    .describe('Minimum length of a password, in characters.'),
  memoryKiB: z
    .int()
    .min(19_456)
    .max(1_048_576)
    .default(19_456)
    .describe("Memory that Argon2id uses per password, in KiB; the default is OWASP's minimum."),
  passes: z.int().min(2).max(20).default(2).describe('Passes Argon2id makes over that memory.'),
  concurrencyMax: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Passwords hashed at once, each with that much memory; others wait.'),
  waitingMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Passwords waiting to be hashed; more are refused with 503.'),
})

/** Configuration of identity. All durations are text, such as `24h`. */
export const identityConfig = z.strictObject({
  keys: keys.prefault({}).describe('API keys.'),
  cache: cache.prefault({}).describe('Credentials remembered in memory.'),
  tokens: tokens.prefault({}).describe('Access and refresh tokens.'),
  sessions: sessions.prefault({}).describe('Browser sessions of users.'),
  lockout: lockout.prefault({}).describe('Waits after failed logins.'),
  passwords: passwords.prefault({}).describe('Password requirements and hashing.'),
})

/** The configuration after parsing: durations are milliseconds. */
export type IdentityConfig = z.output<typeof identityConfig>
