import { createHash } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { ConfigError } from '../core/config/index.ts'
import { messageOf } from '../core/error-message.ts'
import { maskConfig } from '../core/config/index.ts'
import type { GatewayConfig, Live } from '../gate/index.ts'
import type { GateMetrics, Logger } from '../signals/index.ts'
import type { ConfigControl, ConfigState, ConfigVerdict } from './admin/index.ts'
import type { GatewayConfigOutcome } from './config-file.ts'
import { parseGatewayConfig, readGatewayConfig } from './config-file.ts'
import { watchFile } from './watch-file.ts'

/** The sections of a configuration that are read only at start. */
const BOOT_SECTIONS = ['listen', 'admin', 'storage', 'signals', 'audit', 'identity'] as const

/** The fields of `listen` that can change later: they are compiled into the request path, and replaced with it. */
const LIVE_IN_LISTEN: ReadonlySet<string> = new Set<keyof GatewayConfig['listen']>([
  'hosts',
  'trustedProxies',
  'uriMax',
])

/** What {@link createConfigControl} needs. */
export interface ConfigControlOptions {
  readonly path: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The outcome of the first load, which is in force. */
  readonly loaded: Extract<GatewayConfigOutcome, { ok: true }>
  readonly live: Live
  readonly clock: Clock
  readonly metrics: GateMetrics
  readonly logger: Logger
  /** Puts an accepted configuration in force elsewhere, too, such as in worker processes. */
  readonly onApplied?: (config: GatewayConfig) => Promise<void>
}

/** Checks, reloads and watches the configuration file. The last good configuration stays in force. */
export interface ConfigFileControl extends ConfigControl {
  /** Reloads when the file changes, until the returned function is called. */
  watch(): () => void
}

/** Creates the control of a configuration file. */
export function createConfigControl(options: ConfigControlOptions): ConfigFileControl {
  const { path, environment, live, clock, metrics, logger } = options
  let { loaded } = options
  const boot = loaded.value
  let loadedAtMs = clock.nowMs()
  let refused: ConfigState['refused']
  metrics.reload(true, hashOf(loaded.value), loadedAtMs)

  const problemsOf = async (
    outcome: GatewayConfigOutcome,
    use: (config: GatewayConfig) => ReturnType<Live['check']>,
  ): Promise<ConfigVerdict> => {
    if (!outcome.ok) return { errors: outcome.errors, warnings: [] }
    // Anything that keeps a configuration from being put in force is reported like any other mistake in it.
    const problems = await use(outcome.value).catch((error: unknown) => [
      { path: [], message: messageOf(error) },
    ])
    const errors = problems.map((problem) => outcome.errorAt(problem.path, problem.message))
    return { errors, warnings: outcome.warnings }
  }

  const reload = async (): Promise<ConfigVerdict & { readonly revision: number }> => {
    const outcome = await readGatewayConfig(path, environment)
    const verdict = await problemsOf(outcome, (config) => live.apply(config))
    const atMs = clock.nowMs()
    if (!outcome.ok || verdict.errors.length > 0) {
      refused = { atMs, errors: verdict.errors }
      metrics.reload(false, hashOf(loaded.value), atMs)
      logRefusal(logger, verdict.errors)
      return { ...verdict, revision: live.revision() }
    }
    const restart = changedBootSections(boot, outcome.value)
    loaded = outcome
    loadedAtMs = atMs
    refused = undefined
    metrics.reload(true, hashOf(loaded.value), atMs)
    await options.onApplied?.(loaded.value)
    logger.info('configuration reloaded', { revision: live.revision() })
    if (restart.length > 0) logger.warn('some changes take effect at the next start', { restart })
    return { ...verdict, revision: live.revision() }
  }

  // One reload at a time, so that the newest file wins.
  let queue: Promise<unknown> = Promise.resolve()
  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work)
    queue = done.catch(() => undefined)
    return done
  }

  return {
    state: () => ({
      revision: live.revision(),
      path,
      loadedAtMs,
      effective: maskConfig(loaded.value, loaded.secretPaths),
      refused,
    }),
    check: async (text) =>
      problemsOf(await parseGatewayConfig(text, path, environment), (config) => live.check(config)),
    reload: () => enqueue(reload),
    watch: () => watchFile(path, () => void enqueue(reload), logger),
  }
}

function logRefusal(logger: Logger, errors: readonly ConfigError[]): void {
  const shown = errors.map(
    ({ file, line, column, message }) => `${file}:${line ?? 0}:${column ?? 0} ${message}`,
  )
  logger.error('configuration not reloaded; the one before stays in force', { errors: shown })
}

function changedBootSections(before: GatewayConfig, after: GatewayConfig): readonly string[] {
  return BOOT_SECTIONS.filter(
    (section) => bootTextOf(section, before) !== bootTextOf(section, after),
  )
}

const bootTextOf = (section: (typeof BOOT_SECTIONS)[number], config: GatewayConfig): string =>
  JSON.stringify(config[section], (name, value: unknown) =>
    section === 'listen' && LIVE_IN_LISTEN.has(name) ? undefined : value,
  )

const hashOf = (config: GatewayConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)
