import type { ServerConnection } from '../listener.ts'

/** The gate's view of a connection. */
export class Peer implements ServerConnection {
  readonly scheme: 'http' | 'https'
  readonly address: string

  constructor(scheme: 'http' | 'https', address: string) {
    this.scheme = scheme
    this.address = address
  }

  peerAddress(): string {
    return this.address
  }

  /** Does nothing: there is no limit on how long a request or its answer may take. */
  extend(): void {}

  /** Always `false`: WebSockets are opened by another server. */
  upgrade(): boolean {
    return false
  }
}
