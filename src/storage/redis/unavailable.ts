/**
 * Redis did not answer: it is unreachable or slow, or its breaker is open. Whether the command took effect is unknown.
 */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
}
