import type { ConfigError } from '../core/config/index.ts'
import { renderConfigErrors } from '../core/config/index.ts'
import { DataLockedError } from '../storage/index.ts'
import { CliError, EXIT } from './cli/exit-codes.ts'
import { certificateUnfitness } from '../gate/index.ts'
import { createTerminal } from './cli/terminal.ts'
import { readGatewayConfig } from './config-file.ts'
import type { Gateway, GatewayOptions } from './gateway.ts'
import { startGateway } from './gateway.ts'
import { ListenError } from './listener.ts'
import { untilStopped } from './until-stopped.ts'
import { createWorld } from './world.ts'

/** The options of `tollgate serve`. */
export interface ServeOptions {
  readonly config: string
  readonly workers: number
}

/** Runs the gate until it is told to stop. */
export async function serve(options: ServeOptions): Promise<void> {
  const terminal = createTerminal()
  // A signal that arrives while the gate is starting takes effect as soon as it has started.
  const stopped = untilStopped()
  const hungUp = { act: (): void => undefined }
  process.on('SIGHUP', () => hungUp.act())
  const loaded = await readGatewayConfig(options.config, terminal.environment)
  if (!loaded.ok) throw configRefused(loaded.errors, terminal.hintColor)
  const world = createWorld(loaded.value.signals)
  const { tls } = loaded.value.listen
  const unfit = tls === undefined ? undefined : certificateUnfitness(tls, world.clock.nowMs())
  if (unfit !== undefined) world.logger.warn('clients refuse the certificate', { reason: unfit })
  const gateway = await startOrExplain({
    path: options.config,
    loaded,
    environment: terminal.environment,
    world,
    workers: options.workers,
  })
  terminal.hint(`Gate on ${gateway.url}`)
  if (gateway.adminUrl !== undefined) terminal.hint(`Admin API on ${gateway.adminUrl}/reference`)
  if (gateway.rootKey.created !== undefined) {
    terminal.hint(`Root key, shown this once: ${gateway.rootKey.created}`)
  }
  const unwatch = gateway.control.watch()
  hungUp.act = () => void gateway.control.reload()
  const reason = await stopped
  unwatch()
  world.logger.info('stopping', { reason })
  const finished = await gateway.stop()
  world.logger.info('stopped', { finished })
  world.logger.flush()
}

/** Starts a gateway; a failure to start becomes a clear message and an exit status. */
export async function startOrExplain(options: GatewayOptions): Promise<Gateway> {
  try {
    const outcome = await startGateway(options)
    if (outcome.ok) return outcome.gateway
    const errors = outcome.problems.map(({ path, message }) =>
      options.loaded.errorAt(path, message),
    )
    throw configRefused(errors, createTerminal().hintColor)
  } catch (error) {
    if (error instanceof ListenError || error instanceof DataLockedError) {
      throw new CliError(EXIT.conflict, error.message)
    }
    throw error
  }
}

function configRefused(errors: readonly ConfigError[], color: boolean): CliError {
  const count = errors.length === 1 ? '1 mistake' : `${errors.length} mistakes`
  return new CliError(EXIT.checkFailed, `the configuration has ${count}`, {
    hint: renderConfigErrors(errors, { color }).trimEnd(),
  })
}
