import { serveWorker } from '../../load/index.ts'
import type { Command } from '../command.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { onInterrupt } from '../interrupt.ts'

const LISTEN = '127.0.0.1:9090'

/** `lab worker`: sends load on behalf of a run that is driven from another machine. */
export const workerCommand: Command = {
  name: 'worker',
  summary: 'Send load on behalf of runs that are driven from another machine',
  args: {
    listen: {
      type: 'string',
      valueHint: 'host:port',
      description: `Where to listen (default ${LISTEN}).`,
    },
    'allow-remote': {
      type: 'boolean',
      description: 'Also send load to machines other than this one.',
    },
  },
  examples: ['TOLLGATE_LAB_TOKEN=… tollgate lab worker --listen 10.0.0.5:9090 --allow-remote'],
  run: async ({ args, terminal }) => {
    const listen = args.text('listen') ?? LISTEN
    const url = URL.parse(`http://${listen}`)
    if (url === null || url.pathname !== '/') {
      throw new UsageError(`--listen: ${listen} is not host:port`)
    }
    const token = process.env['TOLLGATE_LAB_TOKEN']
    if (token === undefined) {
      throw new UsageError(
        'TOLLGATE_LAB_TOKEN is not set',
        'Anyone who knows the token can send load from here; make one with `openssl rand -hex 32`.',
      )
    }
    const interrupt = onInterrupt()
    const server = serveWorker({
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 80 : Number(url.port),
      token,
      allowRemote: args.flag('allow-remote'),
    })
    terminal.hint(`waiting for runs at ${server.url}`)
    await new Promise<void>((resolve) => {
      interrupt.signal.addEventListener('abort', () => resolve())
    })
    interrupt.close()
    await server.stop()
    return EXIT.ok
  },
}
