import { problemAnswer } from '../core/problem.ts'
import { refuse } from '../core/refusal.ts'
import type { Logger } from '../signals/index.ts'
import type { Rejection } from './http1/index.ts'
import type { ListenerWiring } from './listener.ts'

/**
 * Ties a listener to what answers its requests; bugs are logged, and the client is told nothing of them.
 *
 * @param told each is told of what the listener turns away by itself.
 */
export function wireListener(
  handle: ListenerWiring['handle'],
  logger: Logger,
  ...told: readonly ((rejection: Rejection) => void)[]
): ListenerWiring {
  return {
    handle,
    onBug(error, requestId) {
      logger.error('a request could not be answered', { error, requestId })
      return problemAnswer(refuse('internal_error'), requestId)
    },
    onRejected(rejection) {
      for (const tell of told) tell(rejection)
    },
  }
}
