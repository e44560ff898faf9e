import { problemAnswer } from '../core/problem.ts'
import { refuse } from '../core/refusal.ts'
import type { Logger } from '../signals/index.ts'
import type { ListenerWiring } from './listener.ts'

/** Ties a listener to what answers its requests; bugs are logged, and the client is told nothing of them. */
export function wireListener(
  handle: ListenerWiring['handle'],
  logger: Logger,
  onUnreadable?: ListenerWiring['onUnreadable'],
): ListenerWiring {
  return {
    handle,
    onBug(error) {
      logger.error('a request could not be answered', { error })
      return problemAnswer(refuse('internal_error'), 'unknown')
    },
    ...(onUnreadable !== undefined && { onUnreadable }),
  }
}
