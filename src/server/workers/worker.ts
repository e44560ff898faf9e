import type { Channel } from './channel.ts'
import { createSharedLink, openChannel } from './channel.ts'
import { ListenError } from '../listener.ts'
import type { ToWorker, WireAnswer } from './messages.ts'
import type { WorkerGate } from './worker-gate.ts'
import { startWorkerGate } from './worker-gate.ts'

type Actions = {
  readonly [K in ToWorker['kind']]: (message: Extract<ToWorker, { kind: K }>) => void
}

/**
 * Runs this process as a worker of the one that spawned it, and never outlives it. Only the primary acts on signals
 * that a terminal or a supervisor sends to the whole group.
 */
export function runWorker(): void {
  const channel = openChannel()
  if (channel === undefined) {
    process.stderr.write('tollgate: workers are started by `tollgate serve --workers`\n')
    process.exit(2)
  }
  process.on('disconnect', () => process.exit(0))
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  const actions = createActions(channel)
  channel.onMessage((message) => (actions[message.kind] as (message: ToWorker) => void)(message))
  channel.send({ kind: 'hello' })
}

function createActions(channel: Channel): Actions {
  const shared = createSharedLink((message) => channel.send({ kind: 'relay', message }))
  const questions = createQuestions(channel)
  const started = Promise.withResolvers<WorkerGate>()
  const allowed = Promise.withResolvers<void>()
  // Jobs run one after another, after the start.
  let queue: Promise<unknown> = started.promise
  const then = (job: (gate: WorkerGate) => unknown): void => {
    queue = queue.then(async () => job(await started.promise)).catch(giveUp)
  }
  return {
    start: (message) => {
      startWorkerGate(message, {
        link: shared.link,
        report: (report) => channel.send({ kind: 'report', ...report }),
        ask: questions.ask,
        mayListen: () => {
          channel.send({ kind: 'loaded' })
          return allowed.promise
        },
      }).then(started.resolve, (error: unknown) => {
        const code = error instanceof ListenError ? error.code : undefined
        channel.send({ kind: 'failed', message: textOf(error), code })
      })
      then(() => channel.send({ kind: 'ready' }))
    },
    listen: () => allowed.resolve(),
    relay: ({ message }) => shared.deliver(message),
    apply: ({ id, config }) =>
      then(async (gate) =>
        channel.send({ kind: 'applied', id, problems: await gate.apply(config) }),
      ),
    figures: ({ id }) =>
      then((gate) => channel.send({ kind: 'figures', id, figures: gate.figures() })),
    explain: ({ id, asked }) =>
      then(async (gate) =>
        channel.send({ kind: 'explained', id, outcome: await gate.explain(asked) }),
      ),
    reported: ({ count }) => void started.promise.then((gate) => gate.outbox.confirm(count)),
    answer: ({ id, answer }) => questions.answer(id, answer),
    stop: ({ deadlineMs }) =>
      then(async (gate) =>
        channel.send({ kind: 'stopped', finished: await gate.stop(deadlineMs) }),
      ),
    leave: () => process.exit(0),
  }
}

/** Questions to the primary that are not answered yet. */
function createQuestions(channel: Channel): {
  ask(path: string): Promise<Response>
  answer(id: number, answer: WireAnswer | undefined): void
} {
  const waiting = new Map<number, (answer: WireAnswer | undefined) => void>()
  let lastId = 0
  return {
    async ask(path) {
      if (waiting.size >= QUESTIONS_MAX) return new Response(null, { status: 503 })
      const id = ++lastId
      const { promise, resolve } = Promise.withResolvers<WireAnswer | undefined>()
      waiting.set(id, resolve)
      channel.send({ kind: 'ask', id, path })
      const answer = await promise
      if (answer === undefined) return new Response(null, { status: 503 })
      const headers = { 'content-type': answer.type, 'cache-control': 'no-store' }
      return new Response(answer.body, { status: answer.status, headers })
    },
    answer(id, answer) {
      waiting.get(id)?.(answer)
      waiting.delete(id)
    },
  }
}

const QUESTIONS_MAX = 256

/** Ends this worker after an error that should be impossible; the primary starts another one. */
function giveUp(error: unknown): never {
  process.stderr.write(`tollgate: a worker failed: ${textOf(error)}\n`)
  process.exit(1)
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
