/**
 * Identity: who calls. API keys, access tokens, users with passwords, sessions and tenants, and
 * `resolve`, which turns a presented credential into a caller. Read `services.ts` for what can be done.
 */
export { createIdentity } from './identity.ts'
export type { IdentityOptions } from './identity.ts'
export { identityConfig } from './config.ts'
export type { IdentityConfig } from './config.ts'
export { identityCollections } from './collections.ts'
export type { Pepper } from './credentials/peppers.ts'
export { createPasswordHasher } from './passwords/password-hasher.ts'
export type { PasswordCost, PasswordHasher } from './passwords/password-hasher.ts'
export type { HashBytes } from './resolving/resolver.ts'
export type { CascadedCollection } from './tenants/tenant-service.ts'
export type { CompiledGrant, PermissionCompiler } from './permission-compiler.ts'
export {
  keyInput,
  keyPatch,
  tenantInput,
  tenantPatch,
  tokenInput,
  userInput,
  userPatch,
} from './inputs.ts'
export type {
  KeyInput,
  KeyPatch,
  TenantInput,
  TenantPatch,
  TokenInput,
  UserInput,
  UserPatch,
} from './inputs.ts'
export type {
  Changed,
  CredentialStatus,
  Identity,
  IdentityStats,
  Issued,
  IssuedSession,
  IssuedTokens,
  KeyEnvironment,
  KeyService,
  KeyView,
  ListQuery,
  LoginAttempt,
  SessionService,
  SessionView,
  TenantService,
  TenantView,
  TokenOwner,
  TokenService,
  TokenView,
  UserService,
  UserView,
  VersionCheck,
} from './services.ts'
