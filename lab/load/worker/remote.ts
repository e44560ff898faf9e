import { LabError } from '../../core/index.ts'
import type { LoadJob } from '../job.ts'
import type { Worker, WorkerListener, WorkerMessage } from './messages.ts'
import { messageSchema } from './messages.ts'

/** Where a worker on another machine listens, and the token it requires. */
export interface RemoteWorkerAddress {
  /** `http://host:port`. */
  readonly url: string
  readonly token: string
}

const LINE_BYTES_MAX = 64 * 2 ** 20

/**
 * Sends a job to a worker on another machine. The worker answers with its messages, a line of JSON each, on
 * the same connection; when that ends, so does the job.
 */
export function startRemoteWorker(
  job: LoadJob,
  { url, token }: RemoteWorkerAddress,
  listener: WorkerListener,
): Worker {
  const giveUp = new AbortController()
  const authorization = `Bearer ${token}`
  let id: string | undefined
  let isOver = false
  const tell = (message: WorkerMessage): void => {
    if (isOver) return
    isOver = message.kind === 'result' || message.kind === 'error'
    listener(message)
  }
  const read = async (): Promise<void> => {
    const response = await fetch(new URL('/v1/runs', url), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(job),
      signal: giveUp.signal,
      redirect: 'error',
    })
    if (!response.ok || response.body === null) {
      throw new LabError(`worker ${url} refused: ${response.status} ${await response.text()}`)
    }
    id = response.headers.get('x-run-id') ?? undefined
    for await (const line of linesOf(response.body)) {
      const message = messageSchema.parse(JSON.parse(line)) as unknown as WorkerMessage
      tell(message)
    }
    throw new LabError(`worker ${url} broke off`)
  }
  const order = (name: string): void => {
    if (id === undefined || isOver) return
    const orderUrl = new URL(`/v1/runs/${id}/${name}`, url)
    fetch(orderUrl, { method: 'POST', headers: { authorization }, signal: giveUp.signal }).catch(
      (error: unknown) => tell({ kind: 'error', message: `worker ${url}: ${String(error)}` }),
    )
  }
  read().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error)
    tell({
      kind: 'error',
      message: error instanceof LabError ? message : `worker ${url}: ${message}`,
    })
  })
  return {
    name: url,
    go: () => order('go'),
    stop: () => order('stop'),
    async close() {
      isOver = true
      giveUp.abort()
    },
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    if (rest.length > LINE_BYTES_MAX) throw new LabError('a message without end')
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line
  }
}
