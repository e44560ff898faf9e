import type { ServerConnection } from '../listener.ts'

/** What the gate may know of a connection, and do with it. */
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

  /** Nothing limits how long a request may take to be answered, or an answer to go on. */
  extend(): void {}

  /** What becomes a WebSocket is not answered here. */
  upgrade(): boolean {
    return false
  }
}
