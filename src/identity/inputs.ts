import { z } from 'zod'
import { cidr, name, permission } from '../core/config/fields.ts'

/** Input from administrators, parsed at the edge: one schema for each kind, used by services and API. */

const label = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}]*$/u, 'expected text without control characters')

/** Free-form JSON metadata, at most 4 KiB. */
const metadata = () =>
  z
    .record(z.string().min(1).max(64), z.json())
    .refine(
      (value) => JSON.stringify(value).length <= 4096,
      'expected at most 4096 characters of JSON',
    )

const grants = {
  roles: z.array(name()).max(64),
  permissions: z.array(permission()).max(256),
}

const expiresAtMs = z.int().positive().nullable()

const keyFields = {
  ...grants,
  name: label(),
  /** The user that the key acts for; a disabled user's keys are refused. */
  userId: z.string().min(1).max(64).nullable(),
  /** Networks that the key may be used from; empty means anywhere. */
  allowedCidrs: z.array(cidr()).max(64),
  /** The key's own limits, by limit name. */
  limits: z.record(name(), z.int().nonnegative()).nullable(),
  plan: name().nullable(),
  metadata: metadata(),
  expiresAtMs,
}

/** A new API key. Only `name` is required. */
export const keyInput = z.strictObject({
  ...keyFields,
  environment: z.enum(['live', 'test']).default('live'),
  roles: keyFields.roles.default([]),
  permissions: keyFields.permissions.default([]),
  userId: keyFields.userId.default(null),
  allowedCidrs: keyFields.allowedCidrs.default([]),
  limits: keyFields.limits.default(null),
  plan: keyFields.plan.default(null),
  metadata: keyFields.metadata.default({}),
  expiresAtMs: expiresAtMs.default(null),
  createdBy: z.string().max(64).nullable().default(null),
})

/** What may be changed in an API key; absent fields stay. */
export const keyPatch = z.strictObject(keyFields).partial()

/** A new tenant. The id may be chosen (configuration, migration); otherwise, it is generated. */
export const tenantInput = z.strictObject({
  id: z
    .string()
    .regex(
      /^[a-z][A-Za-z0-9_-]{0,62}$/,
      'expected a letter followed by letters, digits, "_" or "-"',
    )
    .optional(),
  name: label(),
  plan: name().nullable().default(null),
  metadata: metadata().default({}),
})

/** What may be changed in a tenant; absent fields stay. */
export const tenantPatch = z
  .strictObject({ name: label(), plan: name().nullable(), metadata: metadata() })
  .partial()

/** Login names are compared without case and in Unicode NFKC form. */
export const loginName = z
  .string()
  .min(1)
  .max(254)
  .regex(/^[^\p{Cc}\s]+$/u, 'expected a login name without spaces')
  .transform((text) => text.normalize('NFKC').toLowerCase())

/** A new user. Without a password the user cannot log in until one is set. */
export const userInput = z.strictObject({
  login: loginName,
  name: label().nullable().default(null),
  password: z.string().optional(),
  metadata: metadata().default({}),
})

/** What may be changed in a user; absent fields stay. Roles are changed through assignments. */
export const userPatch = z
  .strictObject({ login: loginName, name: label().nullable(), metadata: metadata() })
  .partial()

/** What an access token is issued for. */
export const tokenInput = z.strictObject({
  /** Narrows the token to these permission patterns; absent means all permissions of its owner. */
  scope: z.array(permission()).min(1).max(256).nullable().default(null),
  /** Lifetime of the access token in milliseconds; the configuration has the default and the maximum. */
  ttlMs: z.int().positive().optional(),
  /** Whether a refresh token comes with it. */
  refreshable: z.boolean().default(true),
})

export type KeyInput = z.input<typeof keyInput>
export type KeyPatch = z.input<typeof keyPatch>
export type TenantInput = z.input<typeof tenantInput>
export type TenantPatch = z.input<typeof tenantPatch>
export type UserInput = z.input<typeof userInput>
export type UserPatch = z.input<typeof userPatch>
export type TokenInput = z.input<typeof tokenInput>
