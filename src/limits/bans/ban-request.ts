import type { AddressMatcher } from '../../core/address.ts'
import { compileAddressMatcher } from '../../core/address.ts'
import type { Outcome, Refusal } from '../../core/refusal.ts'
import { fail, refuse, succeed } from '../../core/refusal.ts'
import type { BanKind } from './ban.ts'
import { canonicalNetwork } from './network-table.ts'

/** A request to ban by hand. */
export interface BanRequest {
  readonly kind: BanKind
  /** Address, network in CIDR notation, id of a credential or user. */
  readonly subject: string
  readonly reason: string
  /** How long it lasts; permanent when absent. */
  readonly durationMs?: number
  /** Who asks for the ban. */
  readonly bannedBy: string
  /** Canonical address of whoever asks for it. */
  readonly bannedFrom?: string
  /** Ids by which the requester could ban itself: the credential presented, its key, its user. Default none. */
  readonly bannedWith?: readonly string[]
  /** Allows a network of any width, and the requester's own address, credential or user; default false. */
  readonly isForced?: boolean
  readonly ownerTenantId?: string
}

/**
 * The shortest prefixes that are banned without `isForced`: nobody means to ban a 256th of all IPv4 addresses. In
 * IPv6, no single network is larger than the bound here (the largest providers have a /19).
 */
const PREFIX_BITS_MIN = { 4: 8, 6: 16 } as const

/** The subject of a ban in its canonical form, or why it is not banned. */
export function subjectToBan(request: BanRequest, isTrusted: AddressMatcher): Outcome<string> {
  const { kind, durationMs } = request
  if (durationMs !== undefined && !(durationMs > 0 && Number.isSafeInteger(durationMs))) {
    return fail('bad_request', { detail: 'A ban lasts a whole number of milliseconds.' })
  }
  if (kind === 'key') return keyToBan(request)
  const subject = canonicalNetwork(request.subject)
  if (subject === undefined) {
    return fail('bad_request', { detail: 'Neither an address nor a network.' })
  }
  if (isTrusted(subject)) {
    return fail('conflict', { detail: 'This address is trusted by the configuration.' })
  }
  const mishap = request.isForced === true ? undefined : mishapOf(subject, request.bannedFrom)
  return mishap === undefined ? succeed(subject) : { ok: false, refusal: mishap }
}

function keyToBan({ subject, bannedWith = [], isForced }: BanRequest): Outcome<string> {
  if (subject === '') return fail('bad_request', { detail: 'Name the credential by its id.' })
  if (!bannedWith.includes(subject) || isForced === true) return succeed(subject)
  return fail('conflict', {
    detail: `${subject} is the credential of this request, or what that belongs to: banned only when forced ("force": true, --force).`,
  })
}

/** Why a ban looks like a mistake, if it does. */
function mishapOf(network: string, bannedFrom: string | undefined): Refusal | undefined {
  const [address = '', bits] = network.split('/')
  const family = address.includes(':') ? 6 : 4
  if (bits !== undefined && Number(bits) < PREFIX_BITS_MIN[family]) {
    return refuse('conflict', {
      detail:
        `A ban of ${network} keeps out more than an IPv${family} network of /${PREFIX_BITS_MIN[family]}: ` +
        'banned only when forced ("force": true, --force).',
    })
  }
  if (bannedFrom !== undefined && compileAddressMatcher([network])(bannedFrom)) {
    return refuse('conflict', {
      detail: `A ban of ${network} holds for your own address, ${bannedFrom}: banned only when forced ("force": true, --force).`,
    })
  }
  return undefined
}
