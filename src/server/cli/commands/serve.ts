import { leaf } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'

/** `tollgate serve`: the gate with a configuration of one's own. */
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
    const workers = args.text('workers') ?? '1'
    if (!/^[1-9]\d{0,2}$/.test(workers)) {
      throw new CliError(EXIT.usage, `--workers: expected a whole number, not ${workers}`)
    }
    const { serve } = await import('../../serve.ts')
    await serve({ config: args.text('config') ?? 'tollgate.yaml', workers: Number(workers) })
  },
})
