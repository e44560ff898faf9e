import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ConfigError } from '../../../core/config/config-error.ts'
import { renderConfigErrors } from '../../../core/config/render-errors.ts'
import { configVerdict } from '../../admin/views.ts'
import { action } from '../action.ts'
import { adminArgs, branch, leaf } from '../command.ts'
import { connectAdmin } from '../connection.ts'
import { CliError, EXIT } from '../exit-codes.ts'

const routeColumns = [
  { heading: 'id', field: 'id' },
  { heading: 'methods', field: 'methods' },
  { heading: 'path', field: 'path' },
  { heading: 'credentials', field: 'credentials' },
  { heading: 'permission', field: 'permission' },
  { heading: 'limits', field: 'limits' },
  { heading: 'upstream', field: 'upstream' },
] as const

const upstreamColumns = [
  { heading: 'name', field: 'name' },
  { heading: 'target', field: 'targets.url' },
  { heading: 'available', field: 'targets.available', format: 'flag' },
  { heading: 'healthy', field: 'targets.healthy', format: 'flag' },
  { heading: 'ejected until', field: 'targets.ejectedUntilMs', format: 'time' },
  { heading: 'breaker', field: 'targets.breaker' },
  { heading: 'in flight', field: 'targets.inFlight' },
  { heading: 'requests', field: 'targets.requests' },
  { heading: 'failures', field: 'targets.failures' },
  { heading: 'failing', field: 'targets.failureShare', format: 'share' },
  { heading: 'waiting', field: 'queued' },
] as const

/** `tollgate config`: the configuration of a running gate. */
export const configCommand = branch('config', 'The configuration of a running gate', {
  show: action({
    name: 'show',
    summary: 'Show the effective configuration, with secrets masked',
    examples: ['tollgate config show --json'],
    shown: { kind: 'one' },
    request: () => ({ method: 'GET', path: '/config' }),
  }),
  check: leaf({
    name: 'check',
    summary: 'Have a running gate check a file without putting it in force',
    args: {
      file: { type: 'positional', description: 'Configuration in YAML.' },
      ...adminArgs,
    },
    examples: ['tollgate config check next.yaml'],
    run: async (args, terminal) => {
      const client = await connectAdmin(
        { admin: args.text('admin'), 'root-key-file': args.text('root-key-file') },
        terminal,
      )
      const file = args.required('file')
      const text = await readFile(file, 'utf8')
      const answer = await client.send({ method: 'POST', path: '/config/check', body: { text } })
      const verdict = z.parse(configVerdict, answer)
      const named = verdict.errors.map((error) => Object.assign(error, { file }) as ConfigError)
      if (args.flag('json')) await terminal.out(`${JSON.stringify(verdict, null, 2)}\n`)
      else terminal.hint(renderConfigErrors(named, { color: terminal.hintColor }).trimEnd())
      if (!verdict.ok) throw new CliError(EXIT.checkFailed, '')
      terminal.hint(`${file} is good.`)
    },
  }),
  reload: action({
    name: 'reload',
    summary: 'Read the configuration file again and put it in force',
    shown: { kind: 'done' },
    request: () => ({ method: 'POST', path: '/config/reload' }),
    done: () => 'The configuration is in force.',
  }),
  routes: action({
    name: 'routes',
    summary: 'List the routes in force',
    shown: { kind: 'list', columns: routeColumns },
    request: () => ({ method: 'GET', path: '/routes' }),
  }),
  upstreams: action({
    name: 'upstreams',
    summary: 'Show upstreams and the health of their targets',
    shown: { kind: 'list', columns: upstreamColumns, split: 'targets' },
    request: () => ({ method: 'GET', path: '/upstreams' }),
  }),
  stats: action({
    name: 'stats',
    summary: 'Show the figures of all layers',
    shown: { kind: 'one' },
    request: () => ({ method: 'GET', path: '/stats' }),
  }),
})
