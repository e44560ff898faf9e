import type { Link } from './link.ts'
import type { WireBody } from './types.ts'

/** Sends a request body to a server chunk by chunk, no faster than the server takes it. */
export class Upload {
  readonly #link: Link
  readonly #onLost: (cause: string) => void
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #wake: (() => void) | undefined
  #isCancelled = false

  /** @param onLost called when the body broke off, or does not have the announced length. */
  constructor(link: Link, onLost: (cause: string) => void) {
    this.#link = link
    this.#onLost = onLost
  }

  get isUnderWay(): boolean {
    return this.#reader !== undefined
  }

  async send(head: string, body: Extract<WireBody, { kind: 'stream' }>): Promise<void> {
    const { length, stream } = body
    const framing =
      length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`
    const reader = stream.getReader()
    this.#reader = reader
    let sent = 0
    try {
      await this.#write(`${head}${framing}\r\n\r\n`)
      for (;;) {
        body.onWait()
        const { done, value } = await reader.read()
        body.onChunk()
        if (done || this.#isCancelled) break
        if (value.length === 0) continue
        sent += value.length
        if (length === undefined) await this.#write(frame(value))
        else if (sent <= length) await this.#write(value)
        else break
      }
      if (length === undefined) await this.#write('0\r\n\r\n')
      else if (sent !== length) this.#onLost('request body of another length than announced')
      this.#reader = undefined
    } catch (error) {
      this.#onLost(error instanceof Error ? error.message : 'request body broken off')
    }
  }

  /** The link accepts more. */
  drained(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  /** The link has closed: nothing more is read. */
  cancel(error: Error): void {
    this.#isCancelled = true
    this.drained()
    void this.#release(error)
  }

  async #release(error: Error): Promise<void> {
    try {
      await this.#reader?.cancel(error)
    } catch {
      // The client's stream had already failed.
    }
  }

  /** Writes and waits for the link to want more. */
  #write(data: string | Uint8Array): Promise<void> | void {
    if (this.#isCancelled || this.#link.write(data)) return
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** One chunk of the chunked coding. */
function frame(bytes: Uint8Array): Uint8Array {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1')
  return Buffer.concat([size, bytes, Buffer.from('\r\n', 'latin1')])
}
