import type { Clock } from '../../core/clock.ts'
import { sha256 } from '../../core/digest.ts'
import { toBase64Url } from '../../core/bytes.ts'
import ipaddr from 'ipaddr.js'

/** Slows down addresses that present many different wrong credentials. */
export interface Penalties {
  /** Milliseconds for which `address` is refused without checking its credential; 0 if it is not. */
  blockedMs(address: string): number
  /**
   * Records a wrong credential. The same one again is no new evidence: a client with an old key is refused, but not
   * blocked. Returns whether a block has just begun.
   */
  failed(address: string, credential: string): boolean
}

interface Suspect {
  readonly tried: Set<string>
  blocks: number
  blockedUntilMs: number
  lastMs: number
}

const TRIES_MAX = 5
const FIRST_BLOCK_MS = 30_000
const BLOCK_MS_MAX = 3_600_000
const FORGET_MS = 6 * 3_600_000
const SUSPECTS_MAX = 10_000

/** Creates {@link Penalties}: five different wrong credentials, then 30 s, doubling up to an hour. */
export function createPenalties(clock: Clock): Penalties {
  const suspects = new Map<string, Suspect>()

  function suspectOf(address: string, nowMs: number): Suspect {
    const subject = subjectOf(address)
    const known = suspects.get(subject)
    suspects.delete(subject)
    const fresh = known === undefined || nowMs - known.lastMs > FORGET_MS
    const suspect = fresh
      ? { tried: new Set<string>(), blocks: 0, blockedUntilMs: 0, lastMs: nowMs }
      : known
    suspects.set(subject, suspect)
    if (suspects.size > SUSPECTS_MAX) {
      const [oldest] = suspects.keys()
      if (oldest !== undefined) suspects.delete(oldest)
    }
    return suspect
  }

  return {
    blockedMs(address) {
      const until = suspects.get(subjectOf(address))?.blockedUntilMs ?? 0
      return Math.max(0, until - clock.monotonicMs())
    },
    failed(address, credential) {
      const nowMs = clock.monotonicMs()
      const suspect = suspectOf(address, nowMs)
      suspect.lastMs = nowMs
      suspect.tried.add(toBase64Url(sha256(credential)).slice(0, 16))
      if (suspect.tried.size < TRIES_MAX) return false
      suspect.tried.clear()
      suspect.blockedUntilMs = nowMs + Math.min(BLOCK_MS_MAX, FIRST_BLOCK_MS * 2 ** suspect.blocks)
      suspect.blocks += 1
      return true
    },
  }
}

/** One subject per IPv4 address and per IPv6 /64, the smallest network that a site is assigned. */
function subjectOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return toBase64Url(Uint8Array.from(parsed.toByteArray().slice(0, 8)))
}
