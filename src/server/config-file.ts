import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ConfigOutcome, LoadConfigOptions } from '../core/config/index.ts'
import { loadConfig } from '../core/config/index.ts'
import { messageOf } from '../core/error-message.ts'
import type { GatewayConfig } from '../gate/index.ts'
import { certificateUnfitness, defineConfig, gatewayConfig } from '../gate/index.ts'
import { resolvePaths } from './config-paths.ts'

/** A gateway configuration, or everything that is wrong with it. */
export type GatewayConfigOutcome = ConfigOutcome<GatewayConfig>

type Environment = Readonly<Record<string, string | undefined>>

/** Reads a configuration file: YAML, JSON, or a module with a default export. */
export const readGatewayConfig = async (
  path: string,
  environment: Environment,
): Promise<GatewayConfigOutcome> => placed(path, await loadConfig(optionsFor(path, environment)))

/** Reads a configuration from YAML text; `path` names it in errors and is what files are relative to. */
export const parseGatewayConfig = async (
  text: string,
  path: string,
  environment: Environment,
): Promise<GatewayConfigOutcome> =>
  placed(path, await loadConfig({ ...optionsFor(path, environment), text }))

function placed(path: string, outcome: GatewayConfigOutcome): GatewayConfigOutcome {
  if (!outcome.ok) return outcome
  const { tls } = outcome.value.listen
  const unfit = tls === undefined ? undefined : certificateUnfitness(tls, Date.now())
  const late = unfit === undefined ? [] : [outcome.errorAt(['listen', 'tls', 'certificate'], unfit)]
  const warnings = [...outcome.warnings, ...late]
  return { ...outcome, warnings, value: resolvePaths(outcome.value, dirname(resolve(path))) }
}

function optionsFor(
  path: string,
  environment: Environment,
): LoadConfigOptions<typeof gatewayConfig> {
  const absolute = resolve(path)
  const folder = dirname(absolute)
  return {
    path,
    schema: gatewayConfig,
    environment,
    readFile: async (name) =>
      readFile(name === path ? absolute : resolve(folder, name), 'utf8').catch(explain),
    importModule: async () => importAfresh(absolute),
  }
}

/**
 * Imports a module again. Bun caches modules by path and query, so a new query loads the module anew (this does not
 * hold for URLs). Imports from `tollgate` resolve to this program, which need not be installed beside the file.
 */
async function importAfresh(path: string): Promise<unknown> {
  Bun.plugin({
    name: 'tollgate',
    setup: (build) => {
      build.module('tollgate', () => ({ exports: { defineConfig }, loader: 'object' }))
    },
  })
  const query = `?read=${crypto.randomUUID()}`
  try {
    return (await import(`${path}${query}`)) as unknown
  } catch (error) {
    throw new Error(`${messageOf(error).replaceAll(query, '')}${placeOf(error)}`, { cause: error })
  }
}

/** The position of a syntax error. */
function placeOf(error: unknown): string {
  const { position = null } = Object(error) as {
    position?: Record<'line' | 'column', number> | null
  }
  return position === null ? '' : ` (line ${position.line}, column ${position.column})`
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
}

/** The system's message repeats the absolute path; the reason is enough. */
function explain(error: NodeJS.ErrnoException): never {
  throw new Error(REASONS[error.code ?? ''] ?? error.message, { cause: error })
}
