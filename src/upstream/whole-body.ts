/**
 * Bodies from this size on are handed over as a stream. Bun.serve sends the head of a response in one
 * piece with a small body; with a larger one that is ready only after an await, it makes a system call
 * for each header, which costs four fifths of the throughput at 16 KB.
 */
const PIECEMEAL_FROM_BYTES = 12_288

type Controller = { write(chunk: Uint8Array): void; end(): void }

/** Makes a response body of bytes that are complete, the way the runtime's server sends best. */
export type WholeBody = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | ReadableStream

/**
 * Creates the {@link WholeBody} for this runtime. A stream whose high-water mark lies above its one chunk
 * is sent with Content-Length; with the default mark it would become chunked.
 *
 * @param streamFromBytes bodies of this size on become streams. With 0 all do: for bytes without a
 * Content-Type, Bun makes one up.
 */
export function createWholeBody(streamFromBytes = PIECEMEAL_FROM_BYTES): WholeBody {
  if (!acceptsDirectStreams()) return (bytes) => bytes
  return (bytes) => {
    if (bytes.length < streamFromBytes || bytes.length === 0) return bytes
    const source = {
      type: 'direct',
      pull(controller: Controller): void {
        controller.write(bytes)
        controller.end()
      },
    }
    return new ReadableStream(source as unknown as UnderlyingDefaultSource, {
      highWaterMark: bytes.length + 1,
    })
  }
}

/** Asks the runtime itself whether its streams have Bun's direct mode. */
function acceptsDirectStreams(): boolean {
  try {
    const source = { type: 'direct', pull() {} }
    void new ReadableStream(source as unknown as UnderlyingDefaultSource)
    return true
  } catch {
    return false
  }
}
