/**
 * Identity: who calls. API keys, access tokens, users with passwords, sessions and tenants, and `resolve`, which turns
 * a presented credential into a caller. See `services.ts` for the operations.
 */
export { createIdentity } from './identity.ts'
export { identityConfig } from './config.ts'
export { identityCollections } from './collections.ts'
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
  Identity,
  Issued,
  IssuedSession,
  IssuedTokens,
  KeyView,
  TokenOwner,
} from './services.ts'
