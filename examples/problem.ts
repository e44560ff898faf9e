/** A response that says what went wrong, as RFC 9457 problem details. */
export function problem(
  status: number,
  title: string,
  detail?: string,
  extra: Readonly<Record<string, unknown>> = {},
): Response {
  return Response.json(
    { ...extra, type: 'about:blank', title, status, ...(detail !== undefined && { detail }) },
    {
      status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    },
  )
}

/** The JSON value of a request, or the problem with it. */
export type JsonBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly response: Response }

/** Reads a JSON body of at most `bytesMax` bytes. */
export async function readJson(request: Request, bytesMax: number): Promise<JsonBody> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    return { ok: false, response: problem(415, 'Unsupported media type', 'Send application/json.') }
  }
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > bytesMax) {
    return { ok: false, response: problem(413, 'Body too large', `At most ${bytesMax} bytes.`) }
  }
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { ok: false, response: problem(400, 'Body is not valid JSON') }
  }
}

/** Lists what is wrong with a value, field by field. */
export function invalid(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): Response {
  const errors = issues.slice(0, 20).map(({ path, message }) => ({
    pointer: path
      .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join(''),
    message,
  }))
  return problem(422, 'Request does not match its schema', undefined, { errors })
}
