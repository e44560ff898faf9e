import * as zlib from 'node:zlib'
import { promisify } from 'node:util'
import type { Transform } from 'node:stream'
import { Readable } from 'node:stream'
import type { Coding } from './codings.ts'
import { CODINGS } from './codings.ts'

const { constants } = zlib

/** Small and fast enough to be made while somebody waits. */
const BROTLI_QUALITY = 5
const GZIP_LEVEL = 6

type Whole = (body: Uint8Array) => Promise<Uint8Array>

const brotli = promisify(zlib.brotliCompress)
const gzip = promisify(zlib.gzip)

const WHOLE: Readonly<Record<Coding, Whole | undefined>> = {
  br: (body) =>
    brotli(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
  gzip: (body) => gzip(body, { level: GZIP_LEVEL }),
  zstd: 'zstdCompress' in zlib ? (body) => promisify(zlib.zstdCompress)(body) : undefined,
}

const STREAM: Readonly<Record<Coding, (() => Transform) | undefined>> = {
  br: () =>
    zlib.createBrotliCompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY },
    }),
  gzip: () => zlib.createGzip({ level: GZIP_LEVEL, flush: constants.Z_SYNC_FLUSH }),
  zstd: 'createZstdCompress' in zlib ? () => zlib.createZstdCompress() : undefined,
}

/** The codings this runtime can make: zstd came late to `node:zlib`. */
export const AVAILABLE_CODINGS: readonly Coding[] = CODINGS.filter(
  (coding) => WHOLE[coding] !== undefined && STREAM[coding] !== undefined,
)

/** Codes a whole body off the main thread. Rejects for a coding that is not available. */
export function compress(body: Uint8Array, coding: Coding): Promise<Uint8Array> {
  const code = WHOLE[coding]
  return code === undefined
    ? Promise.reject(new RangeError(`${coding} is not available`))
    : code(body)
}

/** Codes a body while it passes; each part is flushed, so that nothing waits for what comes later. */
export function compressStream(
  body: ReadableStream<Uint8Array>,
  coding: Coding,
): ReadableStream<Uint8Array> {
  const create = STREAM[coding]
  if (create === undefined) throw new RangeError(`${coding} is not available`)
  const source = Readable.from(body as AsyncIterable<Uint8Array>)
  const coder = create()
  source.on('error', (error) => coder.destroy(error))
  coder.on('close', () => source.destroy())
  return Readable.toWeb(source.pipe(coder)) as unknown as ReadableStream<Uint8Array>
}
