import type { IncomingMessage } from 'node:http'

/** The body of a request of `node:http`. */
export interface IncomingBody {
  /** The body as a stream, read on demand. It fails once it has been dropped. */
  readonly content: ReadableStream<Uint8Array>
  /**
   * Reads and discards the rest. The connection stays open, because the answer may not have been sent yet, and a client
   * may have to finish sending before it reads one. The server's `requestTimeout` bounds how long that takes.
   */
  drop(): void
}

const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD'])

/**
 * The body of a request; `undefined` if there is none.
 *
 * @throws Error if other code has read it before, because those bytes are gone.
 */
export function incomingBodyOf(incoming: IncomingMessage): IncomingBody | undefined {
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers
  const isEmpty = coding === undefined && Number(length ?? 0) === 0
  if (isEmpty || METHODS_WITHOUT_BODY.has(incoming.method ?? 'GET')) return undefined
  if (incoming.readableDidRead || incoming.readableEnded) {
    throw new Error('the body was read before the gate saw it: put the gate before body parsers')
  }
  const parts: AsyncIterator<Uint8Array> = incoming.iterator({ destroyOnReturn: false })
  let isDropped = false
  const drop = (): void => {
    isDropped = true
    const flow = (): void => void incoming.resume()
    parts.return?.().then(flow, flow)
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const next = await parts.next()
    if (isDropped)
      throw new Error('the rest of the body was dropped: its request has been answered')
    if (next.done === true) controller.close()
    else controller.enqueue(next.value)
  }
  return { content: new ReadableStream({ pull, cancel: drop }, { highWaterMark: 0 }), drop }
}
