import { problemAnswer } from '../core/problem.ts'
import { systemRandom } from '../core/random.ts'
import { refuse } from '../core/refusal.ts'
import { createRequestIds } from '../signals/index.ts'
import type { Http1Listener, Http1ListenerOptions } from './http1/index.ts'
import { openHttp1Listener } from './http1/index.ts'
import type { ListenerWiring } from './listener.ts'
import { probeAddress } from './listener.ts'

/** A listener whose handler is put in place once everything behind it is ready. */
export interface Door {
  readonly listener: Http1Listener
  /** `host:port`, with the actual port if the configured one is 0. */
  readonly address: string
  open(wiring: ListenerWiring): void
}

const STARTING = refuse('unavailable', { headers: { 'retry-after': '1' } })

type DoorOptions = Omit<Http1ListenerOptions, keyof ListenerWiring>

/** Binds an address; until the door is opened, requests get 503. Throws a ListenError. */
export function openDoor(options: DoorOptions): Door {
  const requestIds = createRequestIds(systemRandom)
  let wiring: ListenerWiring = {
    handle: () => problemAnswer(STARTING, requestIds.next().text),
    onBug: (_error, requestId) => problemAnswer(refuse('internal_error'), requestId),
  }
  const listener = openHttp1Listener({
    ...options,
    requestIds,
    handle: (request, connection) => wiring.handle(request, connection),
    onBug: (error, requestId) => wiring.onBug(error, requestId),
    onRejected: (rejection) => wiring.onRejected?.(rejection),
  })
  return {
    listener,
    address: listener.url.slice(listener.url.indexOf('//') + 2),
    open: (next) => {
      wiring = next
    },
  }
}

/** The address that worker processes will share. Until they listen, connections to it are refused. */
export interface SharedPlace {
  /** `host:port`, with the actual port if the configured one is 0. */
  readonly address: string
  /**
   * Throws a ListenError if another process listens there, which sharing (SO_REUSEPORT) would hide. Call it again right
   * before the workers bind the address.
   */
  readonly claim: () => void
  /** Releases the socket that holds the address. */
  readonly release: () => Promise<void>
}

/**
 * Makes sure that the address is free. A port that the system chose is held until it is released, because no client
 * knows it yet. A port that clients know is not held, because a load balancer would take a gate that answers 503 for
 * one that serves.
 */
export async function findPlace(options: DoorOptions, address: string): Promise<SharedPlace> {
  if (options.port !== 0) {
    const claim = (): void => probeAddress(address)
    claim()
    return { address, claim, release: async () => {} }
  }
  const probe = openDoor(options)
  const { port } = probe.listener
  await probe.listener.drain(0)
  const held = openDoor({ ...options, port, reusePort: true })
  return {
    address: held.address,
    claim: () => {},
    release: async () => void (await held.listener.drain(0)),
  }
}
