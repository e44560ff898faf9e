import { anonymousCaller } from '../core/caller.ts'
import type { Bans } from '../limits/index.ts'
import type { Rejection, RejectionReason } from './http1/index.ts'

/** What says nothing of who was turned away. */
const NOBODYS_FAULT: ReadonlySet<RejectionReason> = new Set([
  'requests_max',
  'bodies_held_max',
  'connections_max',
  'tls_abandoned',
])

/**
 * Counts what a listener turns away by itself as violations, as far as `bans.counts` names its code. They count
 * against the peer, because nothing that the client wrote was read: a trusted proxy, behind which many stand, is not
 * banned for them.
 */
export function countTowardBans(bans: Pick<Bans, 'record'>): (rejection: Rejection) => void {
  return ({ reason, code, address, isHandled }) => {
    if (isHandled || NOBODYS_FAULT.has(reason)) return
    bans.record({ code, address, caller: anonymousCaller })
  }
}
