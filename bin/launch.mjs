import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findBun } from './find-bun.mjs'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
/** Bun reads its limit on outgoing requests at start; each upstream has a limit of its own. */
const OUTGOING_REQUESTS_MAX = '65535'

/**
 * Runs the pinned Bun with `args`, passes signals on, and exits as it does.
 *
 * `guarded` is for the gate itself: nothing that happens to lie in the current folder (`.env`,
 * `bunfig.toml`) or in BUN_OPTIONS may change how it runs, and a pipe tells it when this launcher is
 * gone, so that no gate outlives the process that an operator or supervisor knows.
 */
export function launch(args, { guarded }) {
  const flags = guarded
    ? [
        '--no-install',
        '--no-env-file',
        `--config=${fileURLToPath(new URL('bunfig.toml', import.meta.url))}`,
      ]
    : []
  const child = spawn(findBun(), [...flags, ...args], {
    stdio: guarded ? ['inherit', 'inherit', 'inherit', 'pipe'] : 'inherit',
    env: guarded ? guardedEnvironment() : process.env,
  })
  for (const signal of Object.keys(SIGNALS)) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`tollgate: cannot start Bun: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (SIGNALS[signal] ?? 9))
  })
}

function guardedEnvironment() {
  const { BUN_OPTIONS: _options, BUN_BE_BUN: _be, ...environment } = process.env
  return {
    NODE_ENV: 'production',
    BUN_CONFIG_MAX_HTTP_REQUESTS: OUTGOING_REQUESTS_MAX,
    ...environment,
    TOLLGATE_LAUNCHER_FD: '3',
  }
}
