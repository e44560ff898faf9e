import type { Ban, BanKind } from './ban.ts'
import type { NetworkTable } from './network-table.ts'
import { createNetworkTable } from './network-table.ts'

/** All ban rows in memory, found by the subject that they ban. Expired rows stay until removed. */
export interface BanIndex {
  readonly size: number
  /** Whether any address or network is banned: while none is, no client's address has to be worked out. */
  readonly hasAddresses: boolean
  /** Whether any credential or user is banned. */
  readonly hasKeys: boolean
  /** The ban in force on an address at `nowMs`, if any; almost free while there are no rows. */
  findAddress(address: string, nowMs: number): Ban | undefined
  /** The ban in force on a credential or a user at `nowMs`, if any. */
  findKey(id: string, nowMs: number): Ban | undefined
  get(kind: BanKind, subject: string): Ban | undefined
  /** Adds a row, replacing an older one of the same subject. */
  put(ban: Ban): void
  remove(kind: BanKind, subject: string): void
  rows(): readonly Ban[]
  /** How many rows were made automatically, and which of them was written longest ago. */
  automatic(): { readonly count: number; readonly oldest: Ban | undefined }
}

/** Creates an empty {@link BanIndex}. */
export function createBanIndex(): BanIndex {
  const keys = new Map<string, Ban>()
  const addresses = new Map<string, Ban>()
  const networks: NetworkTable<Ban> = createNetworkTable()
  const automatic = new Map<string, Ban>()

  const get = (kind: BanKind, subject: string): Ban | undefined => {
    if (kind === 'key') return keys.get(subject)
    return subject.includes('/') ? networks.get(subject) : addresses.get(subject)
  }
  const remove = (kind: BanKind, subject: string): void => {
    automatic.delete(`${kind} ${subject}`)
    if (kind === 'key') keys.delete(subject)
    else if (subject.includes('/')) networks.delete(subject)
    else addresses.delete(subject)
  }

  return {
    get size() {
      return keys.size + addresses.size + networks.size
    },
    get hasAddresses() {
      return addresses.size > 0 || networks.size > 0
    },
    get hasKeys() {
      return keys.size > 0
    },
    findAddress(address, nowMs) {
      if (addresses.size > 0) {
        const ban = addresses.get(address)
        if (ban !== undefined && ban.expiresAtMs > nowMs) return ban
      }
      if (networks.size === 0) return undefined
      return networks.match(address, (ban) => ban.expiresAtMs > nowMs)
    },
    findKey(id, nowMs) {
      const ban = keys.get(id)
      return ban !== undefined && ban.expiresAtMs > nowMs ? ban : undefined
    },
    get,
    put(ban) {
      remove(ban.kind, ban.subject)
      if (ban.bannedBy === null) automatic.set(`${ban.kind} ${ban.subject}`, ban)
      if (ban.kind === 'key') keys.set(ban.subject, ban)
      else if (ban.subject.includes('/')) networks.set(ban.subject, ban)
      else addresses.set(ban.subject, ban)
    },
    remove,
    rows: () => [...keys.values(), ...addresses.values(), ...networks.values()],
    automatic() {
      const [oldest] = automatic.values()
      return { count: automatic.size, oldest }
    },
  }
}
