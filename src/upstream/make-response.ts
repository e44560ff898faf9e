/** What a response may have for a body. */
export type ResponseBody = Uint8Array<ArrayBuffer> | ReadableStream | null

/** Makes the response for the client. */
export type MakeResponse = (
  body: ResponseBody,
  status: number,
  headers: [string, string][],
) => Response | Promise<Response>

/**
 * Gives a response that carries a status beyond 599 (three digits are all that RFC 9112 §4 asks of one).
 * The web's constructor refuses such a status, but runtimes may have another way to come by it.
 */
export type UnusualStatus = (status: number) => Promise<Response>

const STATUS_MAX = 599

/** Creates {@link MakeResponse}; without `unusual`, a status beyond 599 cannot be passed on and throws. */
export function createMakeResponse(unusual: UnusualStatus | undefined): MakeResponse {
  return (body, status, headers) =>
    status <= STATUS_MAX || unusual === undefined
      ? new Response(body, { status, headers })
      : unusual(status).then((like) => fill(new Response(body, like), headers))
}

function fill(response: Response, fields: readonly [string, string][]): Response {
  const { headers } = response
  const made = [...headers.keys()]
  for (const name of made) headers.delete(name)
  for (const [name, value] of fields) headers.append(name, value)
  return response
}
