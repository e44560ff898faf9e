import { problemAnswer } from '../core/problem.ts'
import { refuse } from '../core/refusal.ts'
import type { Logger } from '../signals/index.ts'
import type { Rejection } from './http1/index.ts'
import type { ListenerWiring } from './listener.ts'

/**
 * Connects a listener to the handler that answers its requests. Bugs are logged, and not revealed to the client.
 *
 * @param told each is called for everything that the listener itself turns away.
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
