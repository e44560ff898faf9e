import type { Command } from './command.ts'
import { branch } from './command.ts'

/** The lab is a separate program, which the launcher starts; here it is only listed. */
const labCommand = branch('lab', 'Measure a server, and say how sure the figures are', {})

/** The command line. Each command is loaded on demand. */
export const rootCommand: Command = branch(
  'tollgate',
  'A security gate for any HTTP API.',
  {
    demo: async () => (await import('./commands/demo.ts')).demoCommand,
    serve: async () => (await import('./commands/serve.ts')).serveCommand,
    check: async () => (await import('./commands/check.ts')).checkCommand,
    explain: async () => (await import('./commands/explain.ts')).explainCommand,
    keys: async () => (await import('./commands/keys.ts')).keysCommand,
    tokens: async () => (await import('./commands/tokens.ts')).tokensCommand,
    tenants: async () => (await import('./commands/tenants.ts')).tenantsCommand,
    users: async () => (await import('./commands/users.ts')).usersCommand,
    roles: async () => (await import('./commands/roles.ts')).rolesCommand,
    bans: async () => (await import('./commands/bans.ts')).bansCommand,
    cache: async () => (await import('./commands/cache.ts')).cacheCommand,
    limits: async () => (await import('./commands/limits.ts')).limitsCommand,
    audit: async () => (await import('./commands/audit.ts')).auditCommand,
    'root-key': async () => (await import('./commands/root-key.ts')).rootKeyCommand,
    policy: async () => (await import('./commands/policy/index.ts')).policyCommand,
    config: async () => (await import('./commands/config.ts')).configCommand,
    lab: labCommand,
    completion: async () =>
      (await import('./commands/completion.ts')).createCompletionCommand(() => rootCommand),
  },
  [
    'tollgate demo',
    'tollgate check tollgate.yaml',
    'tollgate keys create ci --tenant demo --role viewer',
    'tollgate explain GET /scenes --key-id key_… --tenant demo',
  ],
)
