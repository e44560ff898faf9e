/** APIs for programs that use another protocol than the gate's own. */
export { createAuthzenApi } from './authzen/authzen-api.ts'
export type { AuthzenOptions } from './authzen/authzen-api.ts'
export { createOpaApi } from './opa/opa-api.ts'
export type { OpaOptions } from './opa/opa-api.ts'
