import { BodyError } from '../core/http1/body-error.ts'

/** A body that fails with a {@link BodyError} once it exceeds a bound. */
export interface CountedBody {
  readonly content: ReadableStream<Uint8Array>
  isTooLarge(): boolean
}

/** Counts a body as it is read. */
export function countBody(stream: ReadableStream<Uint8Array>, bytesMax: number): CountedBody {
  let bytes = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > bytesMax) {
        controller.error(
          new BodyError('body_too_large', `The body has more than ${bytesMax} bytes.`),
        )
      } else controller.enqueue(chunk)
    },
  })
  return { content: stream.pipeThrough(counter), isTooLarge: () => bytes > bytesMax }
}

/**
 * Prepares a request that a program hands in. It gets a Host field if it has none, as requests made in the same
 * process do: the host of its URL. And its body is bounded by `bytesMax`, which the gate's own listener would
 * otherwise see to.
 */
export function admitRequest(request: Request, bytesMax: number): Request {
  const body = countedBodyOf(request, bytesMax)
  if (body === undefined && request.headers.has('host')) return request
  const copy = new Request(...copyOf(request, body))
  if (!copy.headers.has('host')) copy.headers.set('host', new URL(request.url).host)
  return copy
}

/** Methods whose requests have no body here: content in them has no meaning (RFC 9110 §9.3.1). */
export const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** A body that announced a length within the bound needs no counting: the server it came through enforces it. */
function countedBodyOf(request: Request, bytesMax: number): CountedBody | undefined {
  if (METHODS_WITHOUT_BODY.has(request.method)) return undefined
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) <= bytesMax) return undefined
  return request.body === null || isTaken(request) ? undefined : countBody(request.body, bytesMax)
}

/** Whether somebody else has read the body or holds it. */
const isTaken = ({ bodyUsed, body }: Request): boolean => bodyUsed || body?.locked === true

/** A request whose body is taken is copied without it: it cannot be read again. */
function copyOf(request: Request, body: CountedBody | undefined): [Request | string, RequestInit?] {
  if (body !== undefined) return [request, { body: body.content, duplex: 'half' } as RequestInit]
  if (!isTaken(request)) return [request]
  const { url, method, headers, signal } = request
  return [url, { method, headers, signal }]
}
