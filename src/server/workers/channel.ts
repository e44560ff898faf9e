import type { Link } from '../../storage/index.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** A worker's channel to the process that spawned it. */
export interface Channel {
  send(message: FromWorker): void
  /** Called once, before the first message is wanted. */
  onMessage(listener: (message: ToWorker) => void): void
}

/** The channel of this process; `undefined` if it was not spawned as a worker. */
export function openChannel(): Channel | undefined {
  if (process.send === undefined) return undefined
  return {
    send: (message) => {
      if (process.connected) process.send?.(message)
    },
    onMessage: (listener) => {
      process.on('message', listener)
    },
  }
}

/** A relay's link that shares a channel with other messages. */
export interface SharedLink {
  readonly link: Link
  /** Hands a relay message to its listener. */
  deliver(message: unknown): void
  /** The other end has gone. */
  close(): void
}

/** Creates a {@link SharedLink} that sends with `send`. */
export function createSharedLink(send: (message: unknown) => void): SharedLink {
  let receive: (message: unknown) => void = () => undefined
  let closed: () => void = () => undefined
  return {
    link: {
      send,
      onMessage: (listener) => {
        receive = listener
      },
      onClose: (listener) => {
        closed = listener
      },
    },
    deliver: (message) => receive(message),
    close: () => closed(),
  }
}
