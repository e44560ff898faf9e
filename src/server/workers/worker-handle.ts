import { anonymousCaller, newCaller } from '../../core/caller.ts'
import type { CompileProblem, GatewayConfig, Nouns } from '../../gate/index.ts'
import type { RelayServer } from '../../storage/index.ts'
import type { Outcome } from '../../core/refusal.ts'
import type { Explanation, ExplainRequest } from '../admin/index.ts'
import { ListenError } from '../listener.ts'
import { createSharedLink } from './channel.ts'
import type { FromWorker, StartMessage, WorkerFigures } from './messages.ts'
import { spawnWorker } from './spawn-worker.ts'
import { decodeTraffic } from './traffic-wire.ts'

/** What the primary provides to workers. */
export interface WorkerService {
  readonly relay: RelayServer
  readonly nouns: Pick<Nouns, 'bans' | 'ledger'>
  /** Answers `/health` and the like. */
  readonly answer: (path: string) => Promise<Response> | undefined
  /** Resolves when a worker that is able to listen may do so; rejects if it may not. */
  readonly mayListen: () => Promise<void>
}

/** One worker process as the primary sees it. */
export interface WorkerHandle {
  readonly pid: number
  /** Resolves once it serves. Rejects if it cannot (with a ListenError if that is the reason) or has ended. */
  readonly ready: Promise<void>
  /** Resolves with how it ended. */
  readonly gone: Promise<string>
  /** Rejects if it does not answer in time or has ended; so do the next three methods. */
  apply(config: GatewayConfig): Promise<readonly CompileProblem[]>
  figures(): Promise<WorkerFigures>
  explain(asked: ExplainRequest): Promise<Outcome<Explanation>>
  /** Resolves with whether its requests could finish, once it has left. */
  stop(deadlineMs: number): Promise<boolean>
  kill(): void
}

const START_TIMEOUT_MS = 20_000
const APPLY_TIMEOUT_MS = 5000
const FIGURES_TIMEOUT_MS = 2000
/** How long a worker may take to hand over its last messages, beyond the time for requests in flight. */
const LEAVE_TIMEOUT_MS = 5000

/** Spawns a worker, and serves it until it has ended. */
export function startWorker(start: StartMessage, service: WorkerService): WorkerHandle {
  const waiting = createWaiting()
  const shared = createSharedLink((message) => worker.send({ kind: 'relay', message }))
  service.relay.connect(shared.link, `worker ${start.worker}`)
  const actions: Actions = {
    hello: () => worker.send(start),
    loaded: () => {
      service.mayListen().then(
        () => worker.send({ kind: 'listen' }),
        (error: Error) => waiting.fail('ready', error),
      )
    },
    ready: () => waiting.settle('ready', undefined),
    failed: ({ message, code }) => {
      waiting.fail(
        'ready',
        code === undefined ? new Error(message) : new ListenError(message, code),
      )
    },
    relay: ({ message }) => shared.deliver(message),
    applied: ({ id, problems }) => waiting.settle(`apply ${id}`, problems),
    figures: ({ id, figures }) => waiting.settle(`figures ${id}`, figures),
    explained: ({ id, outcome }) => waiting.settle(`explain ${id}`, outcome),
    report: (report) => {
      takeIn(report, service.nouns)
      worker.send({ kind: 'reported', count: 1 })
    },
    ask: ({ id, path }) => {
      void answerOf(service.answer(path)).then((answer) => {
        worker.send({ kind: 'answer', id, answer })
      })
    },
    stopped: ({ finished }) => {
      waiting.settle('stop', finished)
      worker.send({ kind: 'leave' })
    },
  }
  const worker = spawnWorker((message) => {
    ;(actions[message.kind] as (message: FromWorker) => void)(message)
  })
  const gone = worker.exited.then((how) => {
    shared.close()
    waiting.end(new Error(`the worker ended with ${how}`))
    return how
  })
  let lastId = 0
  return {
    pid: worker.pid,
    ready: waiting.wait<undefined>('ready', START_TIMEOUT_MS),
    gone,
    apply: async (config) => {
      const id = ++lastId
      worker.send({ kind: 'apply', id, config })
      return waiting.wait(`apply ${id}`, APPLY_TIMEOUT_MS)
    },
    figures: async () => {
      const id = ++lastId
      worker.send({ kind: 'figures', id })
      return waiting.wait(`figures ${id}`, FIGURES_TIMEOUT_MS)
    },
    explain: async (asked) => {
      const id = ++lastId
      worker.send({ kind: 'explain', id, asked })
      return waiting.wait(`explain ${id}`, FIGURES_TIMEOUT_MS)
    },
    stop: async (deadlineMs) => {
      worker.send({ kind: 'stop', deadlineMs })
      const finished = await waiting
        .wait<boolean>('stop', deadlineMs + LEAVE_TIMEOUT_MS)
        .catch(() => false)
      const timer = setTimeout(() => worker.kill(), finished ? LEAVE_TIMEOUT_MS : 1000)
      await gone
      clearTimeout(timer)
      return finished
    },
    kill: () => worker.kill(),
  }
}

type Actions = {
  readonly [K in FromWorker['kind']]: (message: Extract<FromWorker, { kind: K }>) => void
}

/** Records what a worker reports in the same places where a single process would have recorded it. */
function takeIn(
  { traffic, dropped, violations }: Extract<FromWorker, { kind: 'report' }>,
  { ledger, bans }: WorkerService['nouns'],
): void {
  for (const wire of traffic) ledger.record(decodeTraffic(wire))
  if (dropped > 0) ledger.drop(dropped)
  for (const { code, address, callerId, tenantId } of violations) {
    bans.record({
      code,
      address,
      caller: newCaller({ ...anonymousCaller, id: callerId, tenantId }),
    })
  }
}

async function answerOf(
  response: Promise<Response> | undefined,
): Promise<{ status: number; type: string; body: string } | undefined> {
  try {
    const answer = await response
    if (answer === undefined) return undefined
    const type = answer.headers.get('content-type') ?? 'text/plain'
    return { status: answer.status, type, body: await answer.text() }
  } catch {
    return undefined
  }
}

/** Pending answers by name, each with a time limit. */
interface Waiting {
  wait<T>(name: string, timeoutMs: number): Promise<T>
  settle(name: string, value: unknown): void
  fail(name: string, error: Error): void
  /** Fails all pending answers, and all later ones. */
  end(error: Error): void
}

function createWaiting(): Waiting {
  const open = new Map<string, { resolve(value: unknown): void; reject(error: Error): void }>()
  let ended: Error | undefined
  const take = (name: string) => {
    const found = open.get(name)
    open.delete(name)
    return found
  }
  const fail = (name: string, error: Error): void => take(name)?.reject(error)
  return {
    async wait<T>(name: string, timeoutMs: number) {
      if (ended !== undefined) throw ended
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      open.set(name, { resolve, reject })
      const late = new Error(`a worker did not answer within ${timeoutMs} ms`)
      const timer = setTimeout(() => fail(name, late), timeoutMs)
      return promise.finally(() => clearTimeout(timer)) as Promise<T>
    },
    settle: (name, value) => take(name)?.resolve(value),
    fail,
    end(error) {
      ended = error
      for (const name of open.keys()) fail(name, error)
    },
  }
}
