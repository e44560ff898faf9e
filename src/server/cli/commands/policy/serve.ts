import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { systemClock } from '../../../../core/clock.ts'
import { messageOf } from '../../../../core/error-message.ts'
import { createPolicyStore } from '../../../../policy/with-rego.ts'
import type { Arguments } from '../../command.ts'
import { leaf } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import { hostAndPort } from '../../option-values.ts'
import type { Terminal } from '../../terminal.ts'
import { explaining, pathsArgs, sourcesOf, verificationArgs } from './sources.ts'

/** One evaluation may take this many loop passes and calls. */
const STEPS_MAX = 100_000_000

/** `tollgate policy serve`. */
export const serveCommand = leaf({
  name: 'serve',
  summary: "Serve policies with OPA's REST API and AuthZEN",
  args: {
    ...pathsArgs,
    ...verificationArgs,
    paths: { type: 'positional', required: false, description: 'Files and folders.' },
    address: { type: 'string', valueHint: 'host:port', description: 'Default 127.0.0.1:8181.' },
    'token-file': {
      type: 'string',
      valueHint: 'path',
      description: 'File with the token that callers must present; needed beyond loopback.',
    },
  },
  variadic: true,
  examples: [
    'tollgate policy serve policies/',
    'tollgate policy serve --bundle authz.tar.gz --address 0.0.0.0:8181 --token-file token',
  ],
  run: async (args, terminal) => {
    const address = hostAndPort('--address', args.text('address') ?? '127.0.0.1:8181')
    const token = await tokenOf(args)
    if (token === undefined && !isLoopback(address.hostname)) {
      throw new CliError(EXIT.usage, 'beyond loopback, --token-file is needed')
    }
    const sources = sourcesOf(args)
    const store = await explaining(sources.modules, args, terminal, () =>
      createPolicyStore({
        sources: { ...sources, regoVersion: args.flag('v0') ? 0 : sources.regoVersion },
        steps: STEPS_MAX,
        print: (message) => terminal.hint(message),
      }),
    )
    const server = await start({ ...address, store, token }, terminal)
    const { untilStopped } = await import('../../../until-stopped.ts')
    const stopped = untilStopped()
    terminal.hint(`Policies on ${server.url}`)
    await stopped
    await server.stop()
  },
})

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const TOKEN_CHARACTERS_MIN = 16

async function tokenOf(args: Arguments): Promise<string | undefined> {
  const path = args.text('token-file')
  if (path === undefined) return undefined
  const token = (await readFile(path, 'utf8')).trim()
  if (token.length >= TOKEN_CHARACTERS_MIN && !/\s/.test(token)) return token
  throw new CliError(EXIT.usage, `${path}: a token has at least ${TOKEN_CHARACTERS_MIN} characters`)
}

async function start(
  options: ReturnType<typeof hostAndPort> & {
    readonly store: ReturnType<typeof createPolicyStore>
    readonly token: string | undefined
  },
  terminal: Terminal,
) {
  const { startPolicyServer } = await import('../../../policy-server.ts')
  try {
    return startPolicyServer({
      ...options,
      clock: systemClock,
      onBug: (error) => terminal.hint(`tollgate: ${String(error)}`),
    })
  } catch (error) {
    const reason = messageOf(error)
    throw new CliError(EXIT.conflict, `${options.hostname}:${options.port}: ${reason}`)
  }
}
