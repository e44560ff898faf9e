import { anonymousCaller } from '../core/caller.ts'
import type { Bans } from '../limits/index.ts'
import type { Rejection, RejectionReason } from './http1/index.ts'

/** Reasons that say nothing about the client that was turned away. */
const NOBODYS_FAULT: ReadonlySet<RejectionReason> = new Set([
  'requests_max',
  'bodies_held_max',
  'connections_max',
  'tls_abandoned',
])

/**
 * Counts what a listener itself turns away as violations, if `bans.counts` names its code. They count against the peer,
 * because nothing that the client wrote was read. A trusted proxy, which stands for many clients, is not banned for
 * them.
 */
export function countTowardBans(bans: Pick<Bans, 'record'>): (rejection: Rejection) => void {
  return ({ reason, code, address, isHandled }) => {
    if (isHandled || NOBODYS_FAULT.has(reason)) return
    bans.record({ code, address, caller: anonymousCaller })
  }
}
