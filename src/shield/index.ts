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
