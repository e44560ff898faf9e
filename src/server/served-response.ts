import type { Answer, PlainAnswer } from '../core/answer.ts'
import { createWholeBody } from './whole-body.ts'
import { createUnusualStatus } from './unusual-status.ts'

/** What `Bun.serve` is given; `undefined` when the connection was upgraded and the answer is on its way already. */
export type Served = Response | undefined

/** Makes what `Bun.serve` sends as the answer says: there, Bun's own responses have to be led around. */
export type ToServed = (answer: Answer, method: string) => Served | Promise<Served>

const SWITCHING_PROTOCOLS = 101
const STATUS_MAX = 599

/** Creates a {@link ToServed}. */
export function createToServed(): ToServed {
  const wholeBody = createWholeBody()
  const untypedBody = createWholeBody(0)
  const unusual = createUnusualStatus()
  const make = (answer: PlainAnswer, method: string): Response | Promise<Response> => {
    const { status, body } = answer
    const headers = headersOf(answer, method)
    const isTyped = headers.has('content-type')
    const sent =
      body instanceof Uint8Array
        ? (isTyped ? wholeBody : untypedBody)(body as Uint8Array<ArrayBuffer>)
        : body
    return status <= STATUS_MAX
      ? new Response(sent, { status, headers })
      : unusual(status).then((like) => withHeaders(new Response(sent, like), headers))
  }
  return (answer, method) => {
    if (answer.status === SWITCHING_PROTOCOLS) return undefined
    return answer instanceof Response ? answer : make(answer, method)
  }
}

function headersOf({ status, fields, extra, body }: PlainAnswer, method: string): Headers {
  const headers = new Headers()
  for (const [name, value] of fields) headers.append(name, value)
  if (extra !== undefined) for (const name in extra) headers.set(name, extra[name]!)
  // To a HEAD that was answered without Content-Length, Bun would add `0`, which says something about the
  // answer to GET that nobody said (RFC 9110 §8.6); the coding says nothing.
  const isSilent = method === 'HEAD' && body === null && status !== 204 && status !== 304
  if (isSilent && !headers.has('content-length')) headers.set('transfer-encoding', 'chunked')
  return headers
}

function withHeaders(response: Response, headers: Headers): Response {
  const made = [...response.headers.keys()]
  for (const name of made) response.headers.delete(name)
  for (const [name, value] of headers) response.headers.append(name, value)
  return response
}
