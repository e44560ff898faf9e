import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { AdminClient } from './admin-client.ts'
import { createAdminClient } from './admin-client.ts'
import { CliError, EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'
import { messageOf } from '../../core/error-message.ts'

/** How the admin API is found. */
export interface ConnectionArgs {
  readonly admin?: string | undefined
  readonly 'root-key-file'?: string | undefined
}

const ADMIN_DEFAULT = 'http://127.0.0.1:8081'
const DEMO_FILE = '.tollgate/demo.json'
const demoSchema = z.looseObject({ admin: z.url(), rootKey: z.string() })

/**
 * Finds the admin API and the credential for it. The credential comes from `--root-key-file` (`-` is standard input),
 * `TOLLGATE_ROOT_KEY`, or the demo's file, and then only for the demo's own URL; it is never an argument, which every
 * process on the machine could read.
 */
export async function connectAdmin(args: ConnectionArgs, terminal: Terminal): Promise<AdminClient> {
  const demo = await readDemo()
  const given = args.admin ?? terminal.environment['TOLLGATE_ADMIN']
  const url = parseUrl(given ?? demo?.admin ?? ADMIN_DEFAULT)
  const isDemo = demo !== undefined && new URL(demo.admin).origin === url.origin
  const credential =
    (await readKeyFile(args['root-key-file'], terminal)) ??
    terminal.environment['TOLLGATE_ROOT_KEY'] ??
    (isDemo ? demo.rootKey : undefined)
  if (credential === undefined || credential === '') {
    throw new CliError(EXIT.auth, 'no root key', {
      hint: 'Give it by --root-key-file PATH (or - for standard input) or TOLLGATE_ROOT_KEY.',
    })
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    terminal.hint(`warning: the credential travels to ${url.host} without encryption`)
  }
  return createAdminClient(url.origin, credential)
}

async function readDemo(): Promise<z.output<typeof demoSchema> | undefined> {
  try {
    const parsed = demoSchema.safeParse(JSON.parse(await readFile(DEMO_FILE, 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new CliError(EXIT.usage, `not a URL: ${text}`, { hint: `Such as ${ADMIN_DEFAULT}.` })
}

async function readKeyFile(
  path: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (path === undefined) return undefined
  if (path === '-') return (await terminal.readInput()).trim()
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const reason = messageOf(error)
    throw new CliError(EXIT.error, `the root key file cannot be read: ${reason}`)
  }
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
