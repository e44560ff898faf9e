import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findBun } from './find-bun.mjs'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
/**
 * What Bun reads at its start: a limit on outgoing requests out of the way, since each upstream has one of its own;
 * and no giving back of free holes within pages of memory, which costs a request half a microsecond. Whole
 * pages are given back all the same. What stands in the environment already is kept.
 */
const ENVIRONMENT = JSON.parse(readFileSync(new URL('environment.json', import.meta.url), 'utf8'))

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
    ...ENVIRONMENT,
    ...environment,
    TOLLGATE_LAUNCHER_FD: '3',
  }
}
