import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A client that sends exactly the bytes that a test gives it. */
export class RawClient {
  /** Everything received, as Latin-1. */
  received = ''
  isEnded = false
  isReset = false
  readonly socket: Socket
  readonly #waiting = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('end', () => {
      this.isEnded = true
      this.#wake()
    })
    socket.on('error', () => {
      this.isReset = true
      this.#wake()
    })
    socket.on('close', () => {
      this.isEnded = true
      this.#wake()
    })
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      const client = new RawClient(socket)
      socket.once('connect', () => resolve(client))
      socket.once('error', (error: NodeJS.ErrnoException) => {
        // A connection that the server closes at once may be reset before it opens.
        if (error.code === 'ECONNRESET') resolve(client)
        else reject(error)
      })
    })
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Resolves once `isThere` returns `true` for what was received; rejects if the connection ends before. */
  until(isThere: (received: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (isThere(this.received)) resolve(this.received)
        else if (this.isEnded || this.isReset) {
          reject(new Error(`the connection ended with ${JSON.stringify(this.received)}`))
        } else return
        this.#waiting.delete(look)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves with everything received once the server has closed or reset the connection. */
  ended(): Promise<string> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.isEnded && !this.isReset) return
        this.#waiting.delete(look)
        resolve(this.received)
      }
      this.#waiting.add(look)
      look()
    })
  }

  close(): void {
    this.socket.destroy()
  }

  #wake(): void {
    for (const look of this.#waiting) look()
  }
}

/** Sends bytes on a new connection; resolves with everything received until the server closes it. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const client = await RawClient.open(port)
  client.send(bytes)
  const received = await client.ended()
  client.close()
  return received
}

/** The statuses of the responses in what was received, interim ones included. */
export const statusesOf = (received: string): readonly number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))

/** What follows the head of the first response. */
export const bodyOf = (received: string): string => received.slice(received.indexOf('\r\n\r\n') + 4)
