import { METHODS as CARRIED } from '../core/methods.ts'

/** Methods that are forwarded. */
export const METHODS: ReadonlySet<string> = new Set(CARRIED)

/** Methods that may be sent twice (RFC 9110 §9.2.2; QUERY and WebDAV's by their own RFCs). */
export const IDEMPOTENT = new Set([
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'PROPFIND',
  'SEARCH',
  'REPORT',
])
