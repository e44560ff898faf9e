import type { ProfileOptions } from '../../experiments/profile/index.ts'
import { profileExperiment, readProfile } from '../../experiments/profile/index.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'
import { readRequest, requestArgs } from '../request-options.ts'

/** `lab profile`: where time and memory go under load. */
export const profileCommand = experimentCommand({
  summary: 'Where time and memory go under load: flame graph, top functions, difference of two',
  experiment: profileExperiment,
  args: {
    command: {
      type: 'string',
      valueHint: 'line',
      description:
        'Starts the server; {port} becomes the port to listen on, {profile} the options for Bun or Node.',
    },
    path: { type: 'string', valueHint: 'path', description: 'Path to request (default /).' },
    ...requestArgs,
    for: { type: 'string', valueHint: 'duration', description: 'How long (default 15s).' },
    connections: { type: 'string', valueHint: 'n', description: 'Default 16.' },
    heap: { type: 'boolean', description: 'Also profile memory.' },
    base: {
      type: 'string',
      valueHint: 'file',
      description: 'Record of an earlier profile, to show the difference.',
    },
  },
  examples: [
    'tollgate lab profile --command "bun {profile} server.ts --port {port}" --out profile.html',
    'tollgate lab profile --command "node {profile} server.js {port}" --base before.json --heap',
  ],
  options: async (args, common): Promise<ProfileOptions> => {
    const command = args.text('command')
    if (common.target !== undefined || command === undefined) {
      throw new UsageError('--command is missing: it starts the server to profile', 'See --help.')
    }
    const base = args.text('base')
    return {
      command,
      path: args.text('path') ?? '/',
      headers: common.headers,
      ...readRequest(args),
      connections: args.number('connections', { min: 1, max: 1000, whole: true }) ?? 16,
      durationMs: args.durationMs('for') ?? (common.quick ? 3000 : 15_000),
      warmUpMs: 1000,
      heap: args.flag('heap'),
      base: base === undefined ? null : await readProfile(base),
    }
  },
})
