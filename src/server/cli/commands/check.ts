import { renderConfigErrors } from '../../../core/config/render-errors.ts'
import { jsonArg, leaf } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'

/** `tollgate check`: a configuration, without a gate. */
export const checkCommand = leaf({
  name: 'check',
  summary: 'Check and compile a configuration, without a running gate',
  args: {
    file: {
      type: 'positional',
      required: false,
      description: 'Configuration file (default tollgate.yaml).',
    },
    ...jsonArg,
  },
  examples: ['tollgate check', 'tollgate check /etc/tollgate/tollgate.yaml --json'],
  run: async (args, terminal) => {
    const { compileOffline } = await import('../compile-offline.ts')
    const file = args.text('file') ?? 'tollgate.yaml'
    const { errors, warnings, config } = await compileOffline(file, terminal.environment)
    const ok = errors.length === 0
    const routes = config?.routes.length ?? 0
    const upstreams = Object.keys(config?.upstreams ?? {}).length
    if (args.flag('json')) {
      const verdict = { ok, file, routes, upstreams, errors, warnings }
      await terminal.out(`${JSON.stringify(verdict, null, 2)}\n`)
    } else {
      const style = { color: terminal.hintColor }
      if (warnings.length > 0) terminal.hint(renderConfigErrors(warnings, style, 'warning'))
      if (!ok) terminal.hint(renderConfigErrors(errors, style))
    }
    if (!ok) {
      const count = errors.length === 1 ? 'one mistake' : `${errors.length} mistakes`
      throw new CliError(EXIT.checkFailed, `${count} in ${file}`)
    }
    if (!args.flag('json')) {
      await terminal.out(
        `${file} is good: ${counted(routes, 'route')}, ${counted(upstreams, 'upstream')}\n`,
      )
    }
  },
})

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
