import { action } from '../action.ts'
import type { Arguments } from '../command.ts'
import { branch } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { given } from '../option-values.ts'

const KINDS = ['url', 'path', 'key', 'route', 'tenant', 'all'] as const

const purgeArgs = {
  url: { type: 'string', description: 'URL with its query.' },
  path: { type: 'string', valueHint: 'url', description: 'URL; purges it with every query.' },
  key: { type: 'string', description: 'Surrogate key.' },
  route: { type: 'string', valueHint: 'id', description: 'Route id.' },
  tenant: { type: 'string', valueHint: 'id', description: 'Tenant id.' },
  all: { type: 'boolean', description: 'Everything that is stored.' },
} as const

function purgeOf(args: Arguments): { readonly kind: string; readonly subject: string | undefined } {
  const chosen = KINDS.filter((kind) =>
    kind === 'all' ? args.flag('all') : args.text(kind) !== undefined,
  )
  const [kind, ...others] = chosen
  if (kind === undefined || others.length > 0) {
    throw new CliError(EXIT.usage, 'name one of --url, --path, --key, --route, --tenant, --all')
  }
  return { kind, subject: kind === 'all' ? undefined : args.text(kind) }
}

/** `tollgate cache`. */
export const cacheCommand = branch('cache', 'Stored responses', {
  stats: action({
    name: 'stats',
    summary: 'Show figures of the response cache since startup, and what is stored',
    shown: { kind: 'one' },
    request: () => ({ method: 'GET', path: '/cache' }),
  }),
  purge: action({
    name: 'purge',
    summary: 'Purge stored responses',
    args: purgeArgs,
    examples: [
      'tollgate cache purge --url https://api.example.com/scenes?page=2',
      'tollgate cache purge --key scene-7',
    ],
    shown: { kind: 'done' },
    request: (args) => ({ method: 'POST', path: '/cache/purge', body: given(purgeOf(args)) }),
    done: (args) => {
      const { kind, subject } = purgeOf(args)
      return subject === undefined ? 'Everything is purged.' : `The ${kind} ${subject} is purged.`
    },
  }),
  explain: async () => (await import('./explain.ts')).explainCommand,
})
