/** Statuses whose caching semantics this cache implements, for `must-understand` (RFC 9111 §5.2.2.3). */
export const UNDERSTOOD_STATUSES: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405,
  406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428,
  429, 431, 451, 500, 501, 502, 503, 504, 505, 511,
])

/** Statuses that may be given a lifetime by heuristics (RFC 9110 §15.1). */
export const HEURISTIC_STATUSES: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
])

/** Statuses of errors in place of which `stale-if-error` allows a stale response (RFC 5861 §4). */
export const ERROR_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504])

/** Answers without content (RFC 9110 §6.4.1). */
export const STATUSES_WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 205, 304])
