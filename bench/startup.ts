/**
 * How long the gate takes from launch to its first answered request, each time with an empty data
 * folder: `tollgate serve` with a configuration like that of the examples, and `tollgate demo` with both examples.
 * Both start through the launcher, as a user would start them, and run in turn, with Bun alone as the floor.
 *
 *     node bin/bun.mjs bench/startup.ts [--rounds 7] [--json]
 *
 * Everything listens on 127.0.0.1 and keeps its files in a temporary folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const LAUNCHER = join(import.meta.dirname, '../bin/tollgate.mjs')
const BUN_LAUNCHER = join(import.meta.dirname, '../bin/bun.mjs')
const TARGET_MS = 500
const PATIENCE_MS = 20_000

const CONFIG = (gate: number, admin: number): string => `
listen: { address: '127.0.0.1:${gate}' }
admin: { address: '127.0.0.1:${admin}' }
schemas:
  note: { type: object, properties: { text: { type: string, maxLength: 80 } }, required: [text] }
routes:
  - { id: hello, path: /hello, credentials: [anonymous], respond: { body: ok } }
  - { id: note, path: /note, methods: [POST], request: { body: { $ref: note } }, respond: { body: ok } }
`

/** The duration of one start. */
interface Start {
  /** Time until a request was answered; connections are refused while the gate starts. */
  readonly answeredMs: number
  /** Processor time of all processes by then. */
  readonly cpuMs: number
}

type Arm = (folder: string, gate: number, admin: number) => Promise<Start>

const arms: Readonly<Record<string, Arm>> = {
  'launcher and bun -e 0': async () => {
    const startMs = performance.now()
    const child = Bun.spawn(['node', BUN_LAUNCHER, '-e', '0'])
    await child.exited
    const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000
    return { answeredMs: performance.now() - startMs, cpuMs }
  },
  serve: async (folder, gate, admin) => {
    writeFileSync(join(folder, 'tollgate.yaml'), CONFIG(gate, admin))
    return launch(['serve'], folder, {}, `http://127.0.0.1:${gate}/hello`)
  },
  demo: async (folder, gate, admin) =>
    launch(
      ['demo'],
      folder,
      {
        TOLLGATE_DEMO_GATE: `127.0.0.1:${gate}`,
        TOLLGATE_DEMO_ADMIN: `127.0.0.1:${admin}`,
      },
      `http://127.0.0.1:${gate}/api/v1/system/health`,
    ),
}

async function launch(
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
  url: string,
): Promise<Start> {
  const startMs = performance.now()
  const child = Bun.spawn(['node', LAUNCHER, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  try {
    const answeredMs = (await firstAnswer(url, startMs)) - startMs
    child.kill('SIGTERM')
    await child.exited
    return { answeredMs, cpuMs: Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000 }
  } finally {
    child.kill('SIGKILL')
  }
}

async function firstAnswer(url: string, startMs: number): Promise<number> {
  while (performance.now() - startMs < PATIENCE_MS) {
    const status = await fetch(url, { keepalive: false }).then(
      (response) => response.status,
      () => 0,
    )
    if (status !== 0) return performance.now()
    await Bun.sleep(2)
  }
  throw new Error(`nothing answers at ${url}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.round((sorted.length - 1) * q)] ?? Number.NaN
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
})

const found: Record<string, Start[]> = {}
for (let round = 0; round < Number(options.rounds); round += 1) {
  const names = Object.keys(arms)
  for (const name of round % 2 === 0 ? names : names.toReversed()) {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-startup-'))
    try {
      const start = await arms[name]?.(folder, await freePort(), await freePort())
      if (start !== undefined) (found[name] ??= []).push(start)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const results = Object.entries(found).map(([name, starts]) => {
  const answered = starts.map(({ answeredMs }) => answeredMs)
  return {
    name,
    medianMs: quantile(answered, 0.5),
    middleHalfMs: [quantile(answered, 0.25), quantile(answered, 0.75)],
    fastestMs: quantile(answered, 0),
    cpuMs: quantile(
      starts.map(({ cpuMs }) => cpuMs),
      0.5,
    ),
  }
})
if (options.json)
  console.log(JSON.stringify({ targetMs: TARGET_MS, results, starts: found }, undefined, 2))
else {
  console.log(
    `until the first answer, ms (target ${TARGET_MS})   median (middle half)   fastest   CPU`,
  )
  for (const { name, medianMs, middleHalfMs, fastestMs, cpuMs } of results) {
    const range = middleHalfMs.map((ms) => ms.toFixed(0)).join('-')
    console.log(
      name.padEnd(40),
      `${medianMs.toFixed(0)} (${range})`.padStart(20),
      fastestMs.toFixed(0).padStart(9),
      cpuMs.toFixed(0).padStart(5),
    )
  }
}
