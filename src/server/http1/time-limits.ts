import { BodyError } from '../../core/http1/body-error.ts'
import type { Intake } from './intake.ts'
import type { Patience } from './patience.ts'
import type { Phase } from './phase.ts'
import type { Unreadable } from './unreadable.ts'
import { SLOW_BODY, SLOW_HEAD } from './unreadable.ts'

/** The part of a connection that its time limits concern. */
export interface TimedConnection {
  readonly phase: Phase
  /** Whether no request has arrived yet. */
  readonly isFresh: boolean
  readonly patience: Patience
  readonly intake: Intake
  /** Bytes written so far. */
  readonly writtenBytes: number
  /** Whether a streamed answer waits for the client to take more. */
  readonly isWaiting: boolean
  /** Releases what an idle connection does not need. */
  forget(): void
  /** Answers an unreadable request, and closes. */
  refuse(unreadable: Unreadable): void
  /** The body of a request that is being answered cannot be read further. */
  brokeOff(unreadable: Unreadable): void
  hangUp(): void
  cut(): void
}

/** Acts on a connection whose time is over. */
export function expire(connection: TimedConnection): void {
  const { phase } = connection
  switch (phase) {
    case 'idle':
      return endIdling(connection)
    case 'head':
      return connection.refuse(SLOW_HEAD)
    case 'busy':
      return lookForProgress(connection)
    case 'flushing':
      return lookForWriting(connection)
    case 'discarding':
    case 'lingering':
      return connection.hangUp()
    case 'ending':
      return connection.cut()
    case 'tunnel':
    case 'closed':
      return
    default:
      phase satisfies never
  }
}

function endIdling(connection: TimedConnection): void {
  if (connection.isFresh || !connection.patience.prolongIdling()) return connection.hangUp()
  connection.forget()
}

function lookForWriting(connection: TimedConnection): void {
  const { patience, writtenBytes } = connection
  if (!patience.prolongWriting(writtenBytes)) connection.cut()
}

function lookForProgress(connection: TimedConnection): void {
  const { intake, patience, isWaiting } = connection
  if (isWaiting) return lookForWriting(connection)
  const { body } = intake
  patience.withoutEnd()
  if (body === undefined || body.isDone) return
  if (!intake.endWindow()) return patience.withBody()
  connection.brokeOff(SLOW_BODY)
  body.fail(new BodyError(SLOW_BODY.code, SLOW_BODY.detail))
}
