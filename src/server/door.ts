import { problemResponse } from '../core/problem.ts'
import { refuse } from '../core/refusal.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { openListener } from './listener.ts'

/** A listener whose handler is put in place once everything behind it stands. */
export interface Door {
  readonly listener: Listener
  /** `host:port`, with the port that was found where any was asked for. */
  readonly address: string
  open(handle: ListenerOptions['handle']): void
}

type DoorOptions = Omit<ListenerOptions, 'handle' | 'onBug'>

/** Binds an address; until the door is opened, requests get 503. Throws a ListenError. */
export function openDoor(options: DoorOptions): Door {
  let handle: ListenerOptions['handle'] = () =>
    problemResponse(refuse('unavailable', { headers: { 'retry-after': '1' } }), 'starting')
  const listener = openListener({
    ...options,
    handle: (request, connection) => handle(request, connection),
    onBug: () => problemResponse(refuse('internal_error'), 'unknown'),
  })
  return {
    listener,
    address: listener.url.slice(listener.url.indexOf('//') + 2),
    open: (next) => {
      handle = next
    },
  }
}

/**
 * Makes sure that nobody has the address, and holds it for processes that will share it. Sharing
 * (SO_REUSEPORT) would hide that somebody else listens there already.
 */
export async function holdShared(options: DoorOptions): Promise<DoorOptions> {
  const probe = openDoor(options)
  const { port } = probe.listener
  await probe.listener.drain(0)
  return { ...options, port, reusePort: true }
}
