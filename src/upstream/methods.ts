/**
 * Methods that fetch carries as they are. Bun sends a method it does not know as GET, so any other is
 * refused. CONNECT and TRACE never pass a gate.
 */
export const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'SEARCH',
  'REPORT',
  'PURGE',
  'M-SEARCH',
])

/** Methods that may be sent twice (RFC 9110 §9.2.2; WebDAV's by their own RFCs). */
export const IDEMPOTENT = new Set([
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PROPFIND',
  'SEARCH',
  'REPORT',
])
