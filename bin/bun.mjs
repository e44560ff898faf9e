#!/usr/bin/env node
// The pinned Bun, for the project's own scripts (tests, benchmarks).
import { launch } from './launch.mjs'

launch(process.argv.slice(2), { guarded: false })
