/** Shield: what requests must look like, and checking it fast. */
export type { RequestConfig, SchemasConfig } from './config.ts'
export { requestConfig, schemasConfig } from './config.ts'
export type {
  Compiled,
  HeaderReader,
  JsonSchema,
  RequestCheck,
  RequestError,
  RequestHead,
  RequestSpec,
  SchemaProblem,
} from './spec.ts'
export type { Shield } from './request-check.ts'
export { createShield } from './request-check.ts'
export type { JsonBounds } from './json.ts'
export { readJson } from './json.ts'
export type { Vector3Bounds } from './vector3.ts'
export { vector3 } from './vector3.ts'
export { isSafePath } from './formats.ts'
