/** Redis did not answer: it is gone, slow, or left alone for a while. Nothing is known of the command. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
}
