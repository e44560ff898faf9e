import { startSyntheticServer } from '../../synthetic/index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { onInterrupt } from '../interrupt.ts'

const PORT_MAX = 65_535

/** `lab synthetic`: a server whose behavior is known, until it is told to end. */
export const syntheticCommand: Command = {
  name: 'synthetic',
  summary: 'Start a server whose behavior is known, to try the lab on',
  args: {
    port: {
      type: 'string',
      valueHint: 'n',
      description: 'Port on 127.0.0.1 (default: a free one).',
    },
    delay: { type: 'string', valueHint: 'time', description: 'How long /delay takes (default 0).' },
    'leak-bytes': {
      type: 'string',
      valueHint: 'n',
      description: 'Bytes that each request to /leak leaks (default 0).',
    },
    'error-share': {
      type: 'string',
      valueHint: 'share',
      description: 'Share of the requests to /errors that fail (default 0).',
    },
    concurrent: {
      type: 'string',
      valueHint: 'n',
      description: 'Requests to /capacity served at a time, 10 ms each (default 4).',
    },
  },
  examples: ['tollgate lab synthetic --port 9110 --delay 20ms'],
  run: async ({ args, terminal }) => {
    const delayMs = args.durationMs('delay') ?? 0
    const concurrent = args.number('concurrent', { min: 1, whole: true }) ?? 4
    const interrupt = onInterrupt()
    const server = await startSyntheticServer({
      port: args.number('port', { min: 0, max: PORT_MAX, whole: true }) ?? 0,
      leakBytes: args.number('leak-bytes', { min: 0, whole: true }) ?? 0,
      errorShare: args.number('error-share', { min: 0, max: 1 }) ?? 0,
      capacity: { concurrent, serviceMs: 10, queueMax: 1000 },
      ...(delayMs > 0 && { delay: { kind: 'constant', ms: delayMs } }),
    })
    try {
      await terminal.out(`${server.url}\n`)
      await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve))
      return EXIT.ok
    } finally {
      await server.stop()
      interrupt.close()
    }
  },
}
