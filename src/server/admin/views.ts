import { z } from 'zod'

/** The resources that the admin API shows. These schemas document its answers; the services make them. */

const timeMs = () => z.int().describe('Milliseconds since the Unix epoch.')
const version = z.int().describe('Also the ETag.')
const metadata = z.record(z.string(), z.unknown())
const status = z.enum(['active', 'disabled', 'revoked', 'expired'])

export const tenantView = z
  .object({
    id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    plan: z.string().nullable(),
    metadata,
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
    version,
  })
  .meta({ id: 'TenantView' })

export const userView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    login: z.string(),
    name: z.string().nullable(),
    hasPassword: z.boolean(),
    disabled: z.boolean(),
    metadata,
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
    lastLoginAtMs: timeMs().nullable(),
    version,
  })
  .meta({ id: 'UserView' })

export const sessionView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    userId: z.string(),
    address: z.string(),
    userAgent: z.string().nullable(),
    createdAtMs: timeMs(),
    lastSeenAtMs: timeMs(),
    expiresAtMs: timeMs(),
    version,
  })
  .meta({ id: 'SessionView' })

export const roleView = z
  .object({
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    inherits: z.array(z.string()),
    origin: z.enum(['built-in', 'configuration', 'tenant']),
    version: z.int().describe('Also the ETag; 0 for roles that are not stored.'),
  })
  .meta({ id: 'RoleView' })

export const assignmentView = z
  .object({ subjectId: z.string(), role: z.string(), createdAtMs: timeMs() })
  .meta({ id: 'AssignmentView' })

export const keyView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    name: z.string(),
    start: z.string().describe('The part of the key that is not secret.'),
    environment: z.enum(['live', 'test']),
    status,
    userId: z.string().nullable(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    allowedCidrs: z.array(z.string()),
    limits: z.record(z.string(), z.int()).nullable(),
    plan: z.string().nullable(),
    metadata,
    expiresAtMs: timeMs().nullable(),
    revokedAtMs: timeMs().nullable(),
    createdBy: z.string().nullable(),
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
    lastUsedAtMs: timeMs().nullable().describe('With several workers, this may be minutes behind.'),
    rotatedAtMs: timeMs().nullable(),
    previousExpiresAtMs: timeMs().nullable().describe('Until when the previous secret works.'),
    version,
  })
  .meta({ id: 'KeyView' })

export const issuedKey = z
  .object({ key: keyView, secret: z.string().describe('The key itself; shown only once.') })
  .meta({ id: 'IssuedKey' })

export const tokenView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    familyId: z.string(),
    kind: z.enum(['access', 'refresh']),
    owner: z.object({ kind: z.enum(['key', 'user']), id: z.string() }),
    scope: z.array(z.string()).nullable(),
    status,
    createdAtMs: timeMs(),
    expiresAtMs: timeMs(),
  })
  .meta({ id: 'TokenView' })

export const issuedTokens = z
  .object({
    accessToken: z.string().describe('Shown only once.'),
    refreshToken: z.string().nullable(),
    expiresAtMs: timeMs(),
    refreshExpiresAtMs: timeMs().nullable(),
    token: tokenView,
  })
  .meta({ id: 'IssuedTokens' })

export const banView = z
  .object({
    id: z.string(),
    kind: z.enum(['address', 'key']),
    subject: z
      .string()
      .describe(
        'An address or network, or the id of a credential or user, including everything that acts for it.',
      ),
    reason: z.string(),
    level: z.int().describe('Which ban in a row this is; 0 for a manual ban.'),
    createdAtMs: timeMs(),
    expiresAtMs: timeMs().nullable().describe('Null for a permanent ban.'),
    bannedBy: z.string().nullable(),
    tenantId: z.string().nullable(),
  })
  .meta({ id: 'BanView' })

export const limitView = z
  .object({
    name: z.string(),
    config: z.record(z.string(), z.unknown()),
    policy: z.string().describe('Its member of the RateLimit-Policy field.'),
  })
  .meta({ id: 'LimitView' })

export const limitUse = z
  .object({
    counter: z.string(),
    subject: z.string(),
    limit: z.number(),
    remaining: z.number(),
    resetMs: z.number().nullable(),
    retryMs: z.number().nullable().describe('Null when the request can never succeed.'),
    exceeded: z.boolean(),
  })
  .meta({ id: 'LimitUse' })

export const auditRecord = z
  .looseObject({
    seq: z.int(),
    timeMs: timeMs(),
    kind: z.enum(['traffic', 'admin', 'system', 'gap']),
    tenantId: z.string().optional(),
    actor: z.object({ kind: z.string(), id: z.string() }).optional(),
    action: z.string(),
    target: z.string().optional(),
    outcome: z.string(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRecord' })

export const checkpointView = z
  .object({ seq: z.int(), hash: z.string() })
  .meta({ id: 'Checkpoint' })

export const verifyReport = z
  .object({
    ok: z.boolean(),
    firstSeq: z.int(),
    lastSeq: z.int(),
    lastHash: z.string(),
    records: z.int(),
    segments: z.int(),
    bytes: z.int(),
    fault: z
      .object({
        kind: z.string(),
        seq: z.int(),
        segment: z.int(),
        offset: z.int(),
        detail: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'VerifyReport' })

const configError = z
  .object({
    code: z.string(),
    file: z.string(),
    line: z.int().optional(),
    column: z.int().optional(),
    length: z.int().optional(),
    path: z.string(),
    message: z.string(),
    expected: z.string().optional(),
    found: z.string().optional(),
    suggestion: z.string().optional(),
    sourceLine: z.string().optional(),
  })
  .meta({ id: 'ConfigError' })

export const configVerdict = z
  .object({ ok: z.boolean(), errors: z.array(configError), warnings: z.array(configError) })
  .meta({ id: 'ConfigVerdict' })

export const configState = z
  .object({
    revision: z.int(),
    path: z.string(),
    loadedAtMs: timeMs(),
    effective: z.unknown().describe('The effective configuration, with secrets masked.'),
    refused: z.object({ atMs: timeMs(), errors: z.array(configError) }).nullable(),
  })
  .meta({ id: 'ConfigState' })

export const routeListing = z
  .object({
    id: z.string(),
    host: z.string().nullable(),
    path: z.string(),
    methods: z.array(z.string()),
    credentials: z.array(z.string()),
    permission: z.string().nullable(),
    limits: z.array(z.string()),
    cost: z.number(),
    upstream: z.string().nullable(),
    stages: z.array(z.string()),
  })
  .meta({ id: 'RouteListing' })

const decision = z.enum(['allow', 'refuse'])

export const shadowReport = z
  .object({
    policy: z.string(),
    revision: z.string(),
    shadowRevision: z.string(),
    asked: z.int(),
    same: z.int(),
    wouldAllow: z.int(),
    wouldRefuse: z.int(),
    failures: z.int().describe('How often the shadow policy could not decide.'),
    changes: z
      .array(
        z.object({
          atMs: timeMs(),
          tenantId: z.string(),
          callerKind: z.string(),
          callerId: z.string(),
          method: z.string(),
          path: z.string(),
          active: decision,
          shadow: decision,
          failure: z.string().nullable(),
        }),
      )
      .describe('The most recent changes, newest first.'),
  })
  .meta({ id: 'ShadowReport' })

export const policyStatus = z
  .object({
    policy: z.string(),
    role: z.enum(['active', 'shadow']),
    source: z.enum(['files', 'server']),
    revision: z
      .string()
      .nullable()
      .describe('Null while nothing has been loaded; until then, everything is refused.'),
    sinceMs: timeMs().nullable().describe('When this revision was put in force.'),
    checkedAtMs: timeMs().nullable().describe('When the server of the bundle last answered.'),
    failure: z
      .string()
      .nullable()
      .describe('Why the newest revision could not be put in force; the previous one stays.'),
  })
  .meta({ id: 'PolicyStatus' })

export const explanation = z
  .object({
    outcome: z.enum(['allow', 'refuse']),
    status: z.int(),
    code: z.string().nullable(),
    detail: z.string().nullable(),
    route: z.string().nullable(),
    caller: z
      .object({
        kind: z.string(),
        id: z.string(),
        tenantId: z.string(),
        roles: z.array(z.string()),
      })
      .nullable(),
    layers: z.array(
      z.object({
        layer: z.string(),
        verdict: z.enum(['pass', 'refuse', 'answer']),
        rule: z.string().nullable(),
        durationNs: z.int(),
      }),
    ),
    durationNs: z.int(),
    policyRevision: z.int(),
    configRevision: z.int(),
    process: z
      .string()
      .describe(
        'The process that was asked, because each has its own memory. With several workers, one that would answer from memory.',
      ),
  })
  .meta({ id: 'Explanation' })

export const principalView = z
  .object({
    kind: z.string(),
    id: z.string(),
    tenantId: z.string().nullable().describe('Null for the root key: all tenants.'),
    userId: z.string().nullable(),
    permissions: z.array(z.string()),
  })
  .meta({ id: 'PrincipalView' })

export const rootKeyIssued = z
  .object({ secret: z.string().describe('The new root key; shown only once.') })
  .meta({ id: 'RootKeyIssued' })
