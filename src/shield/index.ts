/** Shield: says what requests must look like, and checks it fast. */
export { requestConfig, schemasConfig } from './config.ts'
export type { RequestCheck, RequestSpec } from './spec.ts'
export type { Shield } from './request-check.ts'
export { createShield } from './request-check.ts'
export { readJson } from './json.ts'
