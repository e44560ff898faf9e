import { z } from 'zod'
import { duration } from '../core/config/fields.ts'

const keys = z.strictObject({
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,15}$/, 'expected up to 16 of a-z and 0-9')
    .default('tg')
    .describe('What every credential starts with: `tg` makes `tg_live_…`.'),
  environments: z
    .array(z.enum(['live', 'test']))
    .min(1)
    .default(['live', 'test'])
    .describe('Environments whose keys are accepted.'),
  rotationOverlap: duration()
    .prefault('24h')
    .describe('How long the old secret works on after a rotation that does not say.'),
})

const cache = z.strictObject({
  entriesMax: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(250_000)
    .describe('Known credentials held in memory; some 300 bytes each.'),
  ageMax: duration()
    .optional()
    .describe(
      'Longest a credential is trusted without reading it again. Default 10m where one process makes all changes, and so hears of each before it is acknowledged; else 30s.',
    ),
  negativeAge: duration()
    .prefault('10s')
    .describe('How long a refused credential is remembered; forgotten at any change.'),
  loadsMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(2000)
    .describe('Loads from storage at one time; more are refused with 503.'),
})

const tokens = z.strictObject({
  accessTtl: duration().prefault('24h').describe('Lifetime of access tokens that ask for none.'),
  accessTtlMax: duration().prefault('7d').describe('Longest lifetime of an access token.'),
  refreshTtl: duration()
    .prefault('30d')
    .describe('Lifetime of refresh tokens, from the first issue on, however often refreshed.'),
})

const sessions = z.strictObject({
  idleTimeout: duration().prefault('1h').describe('A session without requests ends after this.'),
  absoluteTimeout: duration().prefault('12h').describe('A session ends after this in any case.'),
  perUserMax: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('Sessions of a user; beyond, the oldest ends.'),
})

const lockout = z.strictObject({
  accountFailures: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('Failures that an account forgives; each further one doubles the wait.'),
  addressFailures: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('Failures that an address forgives, over all accounts.'),
  waitMin: duration().prefault('30s').describe('The first wait.'),
  waitMax: duration().prefault('1h').describe('The longest wait.'),
  halfLife: duration().prefault('15m').describe('In this time half of the failures are forgotten.'),
  subjectsMax: z
    .int()
    .min(100)
    .max(10_000_000)
    .default(100_000)
    .describe('Accounts and addresses watched; the longest unseen are forgotten first.'),
})

const passwords = z.strictObject({
  lengthMin: z.int().min(8).max(128).default(8).describe('Characters of a password at least.'),
  memoryKiB: z
    .int()
    .min(19_456)
    .max(1_048_576)
    .default(19_456)
    .describe('Memory of Argon2id for one password, in KiB; the default is the minimum of OWASP.'),
  passes: z.int().min(2).max(20).default(2).describe('Passes of Argon2id over that memory.'),
  concurrencyMax: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Passwords hashed at one time, each with that much memory; others wait.'),
  waitingMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Passwords waiting to be hashed; more are refused with 503.'),
})

/** Configuration of identity. All durations are written as text, such as `24h`. */
export const identityConfig = z.strictObject({
  keys: keys.prefault({}).describe('API keys.'),
  cache: cache.prefault({}).describe('Credentials remembered in memory.'),
  tokens: tokens.prefault({}).describe('Access and refresh tokens.'),
  sessions: sessions.prefault({}).describe('Sessions of users in browsers.'),
  lockout: lockout.prefault({}).describe('What failed logins lead to.'),
  passwords: passwords.prefault({}).describe('What passwords have to be, and how they are hashed.'),
})

/** The configuration after parsing: durations are milliseconds. */
export type IdentityConfig = z.output<typeof identityConfig>
