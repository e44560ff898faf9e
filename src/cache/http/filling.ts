import { concatBytes } from '../../core/bytes.ts'

/** A body that is passed on and stored at the same time. */
export interface Filling {
  /** The body for the client, at the client's pace: a slow one holds nobody else up. */
  readonly body: ReadableStream<Uint8Array>
  /** The whole body; `too-large` when it grew beyond the bound, `incomplete` when it broke off. */
  readonly whole: Promise<Uint8Array | 'too-large' | 'incomplete'>
}

/**
 * Reads a body as fast as it arrives, up to a bound, and passes it on. When it exceeds the bound, nothing is stored,
 * and the rest is passed on with backpressure. A client that goes away does not end the filling while the body is
 * within the bound.
 */
export function fill(source: ReadableStream<Uint8Array>, bytesMax: number): Filling {
  const filling = new FillingBody(source.getReader(), bytesMax)
  return { body: filling.stream(), whole: filling.read() }
}

class FillingBody {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  private readonly bytesMax: number
  private readonly chunks: Uint8Array[] = []
  private bytes = 0
  private passed = 0
  private state: 'reading' | 'complete' | 'too-large' | 'incomplete' = 'reading'
  private error: unknown = undefined
  private isWanted = true
  private wake: (() => void) | undefined = undefined

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, bytesMax: number) {
    this.reader = reader
    this.bytesMax = bytesMax
  }

  async read(): Promise<Uint8Array | 'too-large' | 'incomplete'> {
    try {
      for (;;) {
        const { done, value } = await this.reader.read()
        if (done) return await this.end('complete')
        this.chunks.push(value)
        this.bytes += value.length
        if (this.bytes > this.bytesMax) return await this.end('too-large')
        this.wake?.()
      }
    } catch (error) {
      this.error = error
      return this.end('incomplete')
    }
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.pass(controller),
        cancel: (reason) => this.cancel(reason),
      },
      { highWaterMark: 0 },
    )
  }

  private async end(
    state: 'complete' | 'too-large' | 'incomplete',
  ): Promise<Uint8Array | 'too-large' | 'incomplete'> {
    this.state = state
    this.wake?.()
    if (state === 'complete') return joined(this.chunks)
    if (!this.isWanted) await this.reader.cancel().catch(() => undefined)
    return state
  }

  private async pass(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.passed >= this.chunks.length && this.state === 'reading') {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = undefined
    }
    const chunk = this.chunks[this.passed]
    if (chunk !== undefined) {
      // What is too large is not kept: each part goes as it is passed.
      if (this.state === 'too-large') this.chunks.shift()
      else this.passed += 1
      controller.enqueue(chunk)
      return
    }
    if (this.state === 'complete') controller.close()
    else if (this.state === 'incomplete') controller.error(this.error)
    else await this.passOn(controller)
  }

  private async passOn(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { done, value } = await this.reader.read()
    if (done) controller.close()
    else controller.enqueue(value)
  }

  private async cancel(reason: unknown): Promise<void> {
    this.isWanted = false
    if (this.state === 'too-large') await this.reader.cancel(reason).catch(() => undefined)
  }
}

const joined = (chunks: readonly Uint8Array[]): Uint8Array =>
  chunks.length === 1 ? (chunks[0] ?? new Uint8Array()) : concatBytes(...chunks)
