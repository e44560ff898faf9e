#!/usr/bin/env node
// Node only finds and launches the pinned Bun; the command line itself is tollgate-lab.ts. The gate
// has a launcher of its own with more to guard; this one lets the lab be installed without the gate.
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
const STUB_BYTES_MAX = 1_000_000
const require = createRequire(import.meta.url)

function packageFolder(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

/** Bun's postinstall script moves the binary over a stub; where it did not run, a package of the platform holds it. */
function findBun() {
  const cpu = process.arch === 'arm64' ? 'aarch64' : 'x64'
  const name = process.platform === 'win32' ? 'bun.exe' : 'bun'
  const platform = ['', '-baseline', '-musl', '-musl-baseline'].map((suffix) => [
    `@oven/bun-${process.platform}-${cpu}${suffix}`,
    name,
  ])
  return [['bun', 'bun.exe'], ...platform]
    .map(([holder, file]) => [packageFolder(holder), file])
    .filter(([folder]) => folder !== undefined)
    .map(([folder, file]) => join(folder, 'bin', file))
    .find((path) => existsSync(path) && statSync(path).size > STUB_BYTES_MAX)
}

const bun = findBun()
if (bun === undefined) {
  process.stderr.write('tollgate-lab: Bun is not installed; run `npm ci` first\n')
  process.exit(1)
}
const entry = fileURLToPath(new URL('tollgate-lab.ts', import.meta.url))
const child = spawn(bun, ['--no-install', '--no-env-file', entry, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
for (const signal of Object.keys(SIGNALS)) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`tollgate-lab: cannot start Bun: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + (SIGNALS[signal] ?? 9))
})
