#!/usr/bin/env node
// Node only finds and launches the pinned Bun; the command line itself is tollgate.ts.
import { fileURLToPath } from 'node:url'
import { launch } from './launch.mjs'

const entry = fileURLToPath(new URL('tollgate.ts', import.meta.url))
launch([entry, ...process.argv.slice(2)], { guarded: true })
