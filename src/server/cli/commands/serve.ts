import { leaf } from '../command.ts'
import { wholeNumber } from '../option-values.ts'

const WORKERS_MAX = 999

/** `tollgate serve`: the gate with your own configuration. */
export const serveCommand = leaf({
  name: 'serve',
  summary: 'Run the gate with a configuration',
  args: {
    config: {
      type: 'positional',
      required: false,
      description: 'Configuration file (default tollgate.yaml).',
    },
    workers: {
      type: 'string',
      valueHint: 'n',
      description: 'Processes that share the port (default 1).',
    },
  },
  examples: ['tollgate serve', 'tollgate serve /etc/tollgate/tollgate.yaml --workers 2'],
  run: async (args) => {
    const workers = wholeNumber('--workers', args.text('workers') ?? '1', 1, WORKERS_MAX)
    const { serve } = await import('../../serve.ts')
    await serve({ config: args.text('config') ?? 'tollgate.yaml', workers })
  },
})
