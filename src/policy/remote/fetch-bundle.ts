import type { RemoteBundleConfig } from './config.ts'

/** What a server answered. */
export type BundleAnswer =
  | { readonly kind: 'same'; readonly waits: boolean }
  | {
      readonly kind: 'new'
      readonly archive: Uint8Array
      readonly etag: string | undefined
      /** Whether the server supports long polling. */
      readonly waits: boolean
    }

/** A bundle that could not be fetched, and why; the message holds no credential. */
export class FetchError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FetchError'
  }
}

/** Options of one request. */
export interface Asked {
  /** The ETag of the bundle at hand. */
  readonly etag: string | undefined
  /** Whether the server may answer with changes to it instead of a whole bundle. */
  readonly takesDelta: boolean
  /** Whether to ask the server to wait for a new bundle (long polling). */
  readonly waits: boolean
  readonly signal: AbortSignal
}

/** OPA's media type for answers of servers that support long polling. */
const LONG_POLL_TYPE = 'application/vnd.openpolicyagent.bundles'
const WAIT_MARGIN_MS = 10_000

/**
 * Asks a server for a bundle. Redirects are not followed: they would send credentials elsewhere.
 *
 * @throws FetchError when there is no answer in time, the server refuses, or it sends more bytes than allowed.
 */
export async function fetchBundle(config: RemoteBundleConfig, asked: Asked): Promise<BundleAnswer> {
  const timeoutMs = config.timeout + (asked.waits ? (config.longPolling ?? 0) + WAIT_MARGIN_MS : 0)
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(config.url, {
      headers: headersOf(config, asked),
      redirect: 'manual',
      signal: AbortSignal.any([asked.signal, timeout]),
    })
    const waits = (response.headers.get('content-type') ?? '').startsWith(LONG_POLL_TYPE)
    if (response.status === 304) {
      await response.body?.cancel()
      return { kind: 'same', waits }
    }
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new FetchError(`the server answered ${response.status}`)
    }
    const archive = await readBounded(response, config.sizeMax)
    return { kind: 'new', archive, etag: response.headers.get('etag') ?? undefined, waits }
  } catch (cause) {
    if (cause instanceof FetchError) throw cause
    if (timeout.aborted) throw new FetchError(`no answer within ${timeoutMs} ms`, { cause })
    throw new FetchError(reasonOf(cause), { cause })
  }
}

function headersOf(config: RemoteBundleConfig, asked: Asked): Headers {
  const headers = new Headers(config.headers)
  if (config.token !== undefined) headers.set('authorization', `Bearer ${config.token}`)
  if (asked.etag !== undefined) headers.set('if-none-match', asked.etag)
  const modes = asked.takesDelta ? 'modes=snapshot,delta' : 'modes=snapshot'
  const waitSeconds = Math.ceil((config.longPolling ?? 0) / 1000)
  headers.set('prefer', asked.waits ? `${modes};wait=${waitSeconds}` : modes)
  return headers
}

async function readBounded(response: Response, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = new FetchError(`the bundle is larger than ${bytesMax} bytes`)
  if (Number(response.headers.get('content-length') ?? '0') > bytesMax) {
    await response.body?.cancel()
    throw tooLarge
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > bytesMax) throw tooLarge
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

const REASONS: Readonly<Record<string, string>> = {
  ConnectionRefused: 'the server refuses connections',
  ECONNREFUSED: 'the server refuses connections',
  ENOTFOUND: 'the server has no address',
  ECONNRESET: 'the connection broke',
}

/** The HTTP client's messages may quote the request, so only their codes are reported. */
function reasonOf(error: unknown): string {
  const codes = [error, error instanceof Error ? error.cause : undefined].flatMap((item) =>
    typeof item === 'object' && item !== null && 'code' in item ? [String(item.code)] : [],
  )
  const [code] = codes
  if (code === undefined) return 'the server cannot be reached'
  return REASONS[code] ?? `the server cannot be reached (${code})`
}
