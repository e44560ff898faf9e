import { addressGroup } from '../../limits/index.ts'
import type { Http1Connection } from './connection.ts'
import type { Http1ListenerOptions } from './options.ts'

const CONNECTIONS_MAX = 20_000

type ConnectionLimits = Pick<Http1ListenerOptions, 'connectionsMax' | 'connectionsPerAddressMax'>

/** The open connections of a listener, and the limits on their number. */
export class Connections {
  readonly all = new Set<Http1Connection>()
  private readonly max: number
  private readonly perAddressMax: number | undefined
  private readonly perAddress = new Map<string, number>()

  constructor({ connectionsMax, connectionsPerAddressMax }: ConnectionLimits) {
    this.max = connectionsMax ?? CONNECTIONS_MAX
    this.perAddressMax = connectionsPerAddressMax
  }

  /** The number of connections with a request in flight or a WebSocket. */
  get busy(): number {
    let count = 0
    for (const connection of this.all) if (connection.isBusy) count += 1
    return count
  }

  /** The number of connections on which a request may arrive or has begun to. */
  get reading(): number {
    let count = 0
    for (const connection of this.all) if (connection.isReading) count += 1
    return count
  }

  mayOpen(address: string): boolean {
    const { perAddressMax } = this
    if (this.all.size >= this.max) return false
    if (perAddressMax === undefined) return true
    return (this.perAddress.get(addressGroup(address)) ?? 0) < perAddressMax
  }

  add(connection: Http1Connection): void {
    this.all.add(connection)
    if (this.perAddressMax === undefined) return
    const group = addressGroup(connection.address)
    this.perAddress.set(group, (this.perAddress.get(group) ?? 0) + 1)
  }

  remove(connection: Http1Connection): void {
    if (!this.all.delete(connection) || this.perAddressMax === undefined) return
    const group = addressGroup(connection.address)
    const left = (this.perAddress.get(group) ?? 1) - 1
    if (left > 0) this.perAddress.set(group, left)
    else this.perAddress.delete(group)
  }
}
