#!/usr/bin/env node
// Runs the pinned Bun with the given arguments. Node only finds and launches it: package managers
// that block install scripts leave Bun's own binary in a platform package instead of .bin.
import { spawn } from 'node:child_process'
import { findBun } from './find-bun.mjs'

const child = spawn(findBun(), process.argv.slice(2), { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`tollgate: cannot start Bun: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + (signal === 'SIGINT' ? 2 : 15))
})
