/** What happens around a body that is passed on chunk by chunk. */
export interface PumpHooks {
  /** A read begins: the upstream is expected to send. */
  onWait(): void
  /** A chunk came: while the other side takes it, nothing is expected of the upstream. */
  onChunk(): void
  /** Exactly once: complete, cut off by the upstream, or not wanted any longer. */
  onEnd(end: 'complete' | 'broken' | 'cancelled', error?: unknown): void
}

/** Passes a body on with back-pressure: a chunk is read only when the one before was taken. */
export function pump(
  body: ReadableStream<Uint8Array>,
  hooks: PumpHooks,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let ended = false
  const end: PumpHooks['onEnd'] = (how, error) => {
    if (ended) return
    ended = true
    hooks.onEnd(how, error)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        hooks.onWait()
        try {
          const { done, value } = await reader.read()
          if (done) {
            end('complete')
            controller.close()
          } else {
            hooks.onChunk()
            controller.enqueue(value)
          }
        } catch (error) {
          end('broken', error)
          controller.error(error)
        }
      },
      async cancel(reason) {
        end('cancelled')
        // Ending may have aborted the exchange, and then there is nothing left to cancel.
        await reader.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}
