import { z } from 'zod'
import type { ExitCode } from './exit-codes.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { messageOf } from '../../core/error-message.ts'

/** A request to the admin API. */
export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path below `/v1`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  /** How long the answer may take; default 30 s. */
  readonly timeoutMs?: number
}

/** The client that commands use for the admin API. */
export interface AdminClient {
  readonly url: string
  /** Resolves with the JSON of the answer; `undefined` if there is none. Throws a {@link CliError} on refusals. */
  send(request: AdminRequest): Promise<unknown>
  /** The answer as a stream. */
  stream(request: AdminRequest): Promise<AsyncIterable<Uint8Array>>
}

const TIMEOUT_MS = 30_000

const problemSchema = z.looseObject({
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  code: z.string().optional(),
  requestId: z.string().optional(),
  errors: z
    .array(z.looseObject({ pointer: z.string().optional(), message: z.string().optional() }))
    .optional(),
})

/** Creates a client; `credential` goes only to `url`, redirects are not followed. */
export function createAdminClient(url: string, credential: string): AdminClient {
  async function fetchAnswer(request: AdminRequest, timeoutMs = Infinity): Promise<Response> {
    const target = new URL(`/v1${request.path}`, url)
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, String(value))
    }
    const hasBody = request.body !== undefined
    const response = await connect(target, {
      method: request.method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${credential}`,
        accept: 'application/json',
        ...(hasBody && { 'content-type': 'application/json' }),
      },
      ...(hasBody && { body: JSON.stringify(request.body) }),
      ...(timeoutMs !== Infinity && { signal: AbortSignal.timeout(timeoutMs) }),
    })
    if (response.ok) return response
    throw await describeRefusal(response)
  }

  return {
    url,
    async send(request) {
      const response = await fetchAnswer(request, request.timeoutMs ?? TIMEOUT_MS)
      const text = await response.text()
      return text === '' ? undefined : (JSON.parse(text) as unknown)
    },
    async stream(request) {
      const { body } = await fetchAnswer(request)
      return body ?? new ReadableStream<Uint8Array>()
    },
  }
}

async function connect(target: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(target, init)
  } catch (error) {
    const reason = messageOf(error)
    throw new CliError(
      EXIT.error,
      `the admin API at ${target.origin} cannot be reached: ${reason}`,
      {
        hint: 'Is the gate running? Name another with --admin URL or TOLLGATE_ADMIN.',
      },
    )
  }
}

const EXIT_BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.auth,
  403: EXIT.auth,
  404: EXIT.notFound,
  409: EXIT.conflict,
  412: EXIT.conflict,
  422: EXIT.usage,
}

async function describeRefusal(response: Response): Promise<CliError> {
  const text = await response.text()
  const exitCode = EXIT_BY_STATUS[response.status] ?? EXIT.error
  const parsed = problemSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    return new CliError(exitCode, `the admin API answered ${response.status} without a reason`)
  }
  const problem = parsed.data
  const mistakes = (problem.errors ?? []).map(
    ({ pointer = '', message = '' }) => `\n  ${pointer === '' ? '(whole)' : pointer}: ${message}`,
  )
  const detail = problem.detail === undefined ? '' : `: ${problem.detail}`
  return new CliError(exitCode, `${problem.title}${detail}${mistakes.join('')}`, {
    problem,
    ...(response.status === 401 && {
      hint: 'Give the root key by --root-key-file PATH (or - for standard input) or TOLLGATE_ROOT_KEY.',
    }),
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
