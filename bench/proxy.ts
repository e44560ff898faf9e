/**
 * How fast the reverse proxy is compared with nginx `proxy_pass` with one worker, on the same upstream (nginx
 * serving static files), driven by wrk: once the upstream client alone, and once the gate with its layers on
 * (API key, roles, two limits, audit log). Runs are interleaved in random order, because machines drift.
 * Ratios are medians over rounds, with the range of the middle half of the rounds.
 *
 *     node bin/bun.mjs bench/proxy.ts [--rounds 5] [--seconds 2] [--warmup 6] [--connections 32]
 *         [--json]
 *
 * Needs nginx and wrk. Everything listens on 127.0.0.1 and keeps its files in a temporary folder.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/core/clock.ts'
import { systemRandom } from '../src/core/random.ts'
import { newCaller } from '../src/core/caller.ts'
import { problemAnswer } from '../src/core/problem.ts'
import { refuse } from '../src/core/refusal.ts'
import { readGatewayConfig } from '../src/server/config-file.ts'
import { startGateway } from '../src/server/gateway.ts'
import { createSocketLinks, openHttp1Listener } from '../src/server/http1/index.ts'
import { createWorld } from '../src/server/world.ts'
import {
  createUpstreams,
  identityHeaders,
  isRefusal,
  upstreamConfig,
} from '../src/upstream/index.ts'

const SIZES = { tiny: 90, '16 KB': 16_384, '64 KB': 65_536, '1 MB': 1_048_576 } as const
const TARGETS = {
  tollgate: { tiny: 0.75, '16 KB': 0.8, '64 KB': 0.8, '1 MB': 0.8 },
  layers: { tiny: 0.65, '16 KB': undefined, '64 KB': undefined, '1 MB': undefined },
} as const
type SizeName = keyof typeof SIZES

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '6' },
    connections: { type: 'string', default: '32' },
    json: { type: 'boolean', default: false },
    serve: { type: 'string' },
    upstream: { type: 'string', default: '' },
    layers: { type: 'string' },
  },
})

/** The proxy under test: identity headers, forwarding headers, both header clean-ups, deadlines. */
function serveProxy(port: number, url: string): void {
  const upstreams = createUpstreams({
    config: { bench: upstreamConfig.parse({ targets: [url] }) },
    clock: systemClock,
    random: systemRandom,
    openLink: createSocketLinks(),
  })
  const upstream = upstreams.get('bench')
  if (upstream === undefined) throw new Error('the upstream is missing')
  const identity = identityHeaders(
    newCaller({
      kind: 'key',
      id: 'key_0Uo3Xq8wZ1kLmN4pR7sT9v',
      tenantId: 'ten_0Uo3Xq8wZ1kLmN4pR7sT9v',
      ownerId: undefined,
      userId: undefined,
      roles: ['viewer'],
      permissions: { has: () => true, explain: () => undefined, list: () => [] },
      plan: undefined,
      limits: undefined,
      expiresAtMs: Infinity,
      allowsAddress: undefined,
    }),
  )
  openHttp1Listener({
    hostname: '127.0.0.1',
    port,
    reusePort: false,
    bodyBytesMax: 1_048_576,
    idleTimeoutMs: 60_000,
    requestsMax: 10_000,
    onBug: () => problemAnswer(refuse('internal_error'), 'req'),
    handle: (request) =>
      upstream
        .forward({
          method: request.method,
          path: request.target,
          host: request.headers.get('host') ?? '',
          headers: request.headers,
          body: request.arrived ?? request.body,
          clientAddress: '127.0.0.1',
          scheme: 'http',
          requestId: 'req_0Uo3Xq8wZ1kLmN4pR7sT9v',
          identity,
          client: request,
        })
        .then((outcome) => (isRefusal(outcome) ? problemAnswer(outcome, 'req') : outcome)),
  })
}

const LAYERS = (port: number, url: string): string => `
listen: { address: '127.0.0.1:${port}' }
admin: { enabled: false }
limits:
  one: { kind: bucket, limit: 100000000, window: 1m, by: key }
  two: { kind: sliding, limit: 100000000, window: 1h, by: tenant }
upstreams:
  origin: { targets: ['${url}'] }
routes:
  - { id: files, path: '/{size}', permission: file:read, limits: [one, two], upstream: origin }
`

/** The whole gate with its layers on, in a folder; the key for requests is written to a file there. */
async function serveLayers(port: number, url: string, folder: string): Promise<void> {
  const file = join(folder, 'tollgate.yaml')
  writeFileSync(file, LAYERS(port, url))
  const loaded = await readGatewayConfig(file, {})
  if (!loaded.ok) throw new Error(loaded.errors[0]?.message)
  const world = createWorld(loaded.value.signals)
  const started = await startGateway({ path: file, loaded, environment: {}, world })
  if (!started.ok) throw new Error(started.problems[0]?.message)
  const { identity } = started.gateway.nouns
  await identity.tenants.create({ id: 'bench', name: 'Bench' })
  const made = await identity.keys.create('bench', { name: 'bench', roles: ['viewer'] })
  if (!made.ok) throw new Error(made.refusal.detail)
  const keyFile = join(folder, 'key')
  writeFileSync(`${keyFile}.new`, made.value.secret)
  renameSync(`${keyFile}.new`, keyFile)
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const [origin, rival, own, all] = await Promise.all([1, 2, 3, 4].map(freePort))
  if (origin === undefined || rival === undefined || own === undefined || all === undefined) return
  const gateFolder = join(folder, 'gate')
  mkdirSync(gateFolder)
  const children = [
    startNginx(folder, 'origin', originConfig(folder, origin)),
    startNginx(folder, 'rival', rivalConfig(origin, rival)),
    startOwn(own, origin),
    startOwn(all, origin, gateFolder),
  ] as const
  try {
    await Promise.all([origin, rival, own, all].map(waitForPort))
    const contenders = {
      nginx: { port: rival, pids: () => childrenOf(children[1].pid) },
      tollgate: { port: own, pids: () => [children[2].pid] },
      layers: {
        port: all,
        pids: () => [children[3].pid],
        key: await readWhenThere(join(gateFolder, 'key')),
      },
    }
    const runs = measure(contenders)
    print(runs)
  } finally {
    for (const child of children) child.kill()
    for (const child of children) await child.exited
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Contender {
  readonly port: number
  /** Processes whose processor time counts. */
  readonly pids: () => readonly number[]
  /** The API key it requires. */
  readonly key?: string
}

interface Run {
  readonly size: SizeName
  readonly contender: 'nginx' | 'tollgate' | 'layers'
  readonly round: number
  readonly requestsPerSecond: number
  readonly cpuMicrosPerRequest: number
  readonly errors: number
}

function measure(contenders: Readonly<Record<Run['contender'], Contender>>): Run[] {
  const runs: Run[] = []
  const sizes = Object.keys(SIZES) as SizeName[]
  const names = Object.keys(contenders) as Run['contender'][]
  // Code is fully optimized only after it has run for seconds; servers run for longer.
  for (const contender of Object.values(contenders)) {
    load(contender, SIZES.tiny, Number(options.warmup))
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const size of sizes) {
      const order = systemRandom.fraction() < 0.5 ? names : names.toReversed()
      for (const contender of order) {
        const { pids } = contenders[contender]
        const before = cpuMicros(pids())
        const result = load(contenders[contender], SIZES[size], Number(options.seconds))
        const cpu = cpuMicros(pids()) - before
        runs.push({
          size,
          contender,
          round,
          requestsPerSecond: result.requests / result.seconds,
          cpuMicrosPerRequest: cpu / result.requests,
          errors: result.errors,
        })
      }
    }
  }
  return runs
}

/** Drives one contender with wrk; the script prints the summary as JSON. */
function load(
  { port, key }: Contender,
  bytes: number,
  seconds: number,
): { requests: number; seconds: number; errors: number } {
  const script = join(tmpdir(), `tollgate-wrk-${process.pid}.lua`)
  writeFileSync(
    script,
    `done = function(s) local e = s.errors
      io.write(string.format('\\n@{"requests":%d,"seconds":%f,"errors":%d}', s.requests,
        s.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout)) end`,
  )
  const url = `http://127.0.0.1:${port}/${bytes}`
  const wrk = Bun.spawnSync([
    'wrk',
    '-t1',
    `-c${options.connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    ...(key === undefined ? [] : ['-H', `Authorization: Bearer ${key}`]),
    url,
  ])
  rmSync(script)
  const line = wrk.stdout.toString().split('@').at(-1) ?? ''
  return JSON.parse(line) as { requests: number; seconds: number; errors: number }
}

/** Processor time of processes with all their threads, in microseconds. */
function cpuMicros(pids: readonly number[]): number {
  let nanos = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    }
  }
  return nanos / 1000
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)

function startOwn(port: number, origin: number, layers?: string): Bun.Subprocess {
  const command = [process.execPath, import.meta.path, '--serve', String(port)]
  const more = layers === undefined ? [] : ['--layers', layers]
  return Bun.spawn([...command, '--upstream', `http://127.0.0.1:${origin}`, ...more], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function startNginx(folder: string, name: string, http: string): Bun.Subprocess {
  const prefix = join(folder, name)
  mkdirSync(prefix)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${prefix}/${kind};`)
    .join(' ')
  const config = join(prefix, 'nginx.conf')
  writeFileSync(
    config,
    // If nginx is started by root, workers would run as a user who cannot read the folder.
    `${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; daemon off; pid ${prefix}/pid; error_log ${prefix}/error.log;
     events { worker_connections 4096; }
     http { access_log off; keepalive_requests 100000000; ${temporary} ${http} }`,
  )
  return Bun.spawn(['nginx', '-p', prefix, '-c', config], { stdio: ['ignore', 'ignore', 'ignore'] })
}

function originConfig(folder: string, port: number): string {
  const root = join(folder, 'files')
  mkdirSync(root)
  for (const bytes of Object.values(SIZES)) {
    writeFileSync(join(root, String(bytes)), systemRandom.bytes(bytes))
  }
  return `sendfile on; tcp_nopush on; open_file_cache max=100;
    server { listen 127.0.0.1:${port}; root ${root}; }`
}

const rivalConfig = (origin: number, port: number): string =>
  `upstream origin { server 127.0.0.1:${origin}; keepalive 128; keepalive_requests 100000000; }
   server { listen 127.0.0.1:${port}; location / {
     proxy_pass http://origin; proxy_http_version 1.1;
     proxy_set_header Connection "";
     proxy_set_header X-Forwarded-For $remote_addr;
     proxy_set_header X-Forwarded-Proto $scheme;
     proxy_set_header X-Forwarded-Host $host;
     proxy_set_header X-Request-Id $request_id; } }`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function readWhenThere(path: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    if (existsSync(path)) return readFileSync(path, 'utf8')
    await Bun.sleep(25)
  }
  throw new Error(`${path} was not written`)
}

async function waitForPort(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/90`).then(
      // The gate with its layers requires a key, so 401 is an answer too.
      ({ status }) => status === 200 || status === 401,
      () => false,
    )
    if (answered) return
    await Bun.sleep(25)
  }
  throw new Error(`nothing answers on port ${port}; are nginx and wrk installed?`)
}

function print(runs: readonly Run[]): void {
  const shown = (['tollgate', 'layers'] as const).flatMap((contender) =>
    (Object.keys(SIZES) as SizeName[]).map((size) => ({ contender, size })),
  )
  const results = shown.map(({ contender, size }) => {
    const of = (name: Run['contender']): Run[] =>
      runs.filter((run) => run.size === size && run.contender === name)
    const [nginx, tollgate] = [of('nginx'), of(contender)]
    const ratios = (key: 'requestsPerSecond' | 'cpuMicrosPerRequest'): number[] =>
      tollgate.map((run, round) => run[key] / (nginx[round]?.[key] ?? Number.NaN))
    return {
      contender,
      size,
      nginx: quantile(
        nginx.map((run) => run.requestsPerSecond),
        0.5,
      ),
      tollgate: quantile(
        tollgate.map((run) => run.requestsPerSecond),
        0.5,
      ),
      throughputRatio: quantile(ratios('requestsPerSecond'), 0.5),
      throughputRatioRange: [0.25, 0.75].map((q) => quantile(ratios('requestsPerSecond'), q)),
      cpuRatio: quantile(ratios('cpuMicrosPerRequest'), 0.5),
      errors: tollgate.reduce((sum, run) => sum + run.errors, 0),
      target: TARGETS[contender][size],
    }
  })
  if (options.json) return console.log(JSON.stringify({ results, runs }, undefined, 2))
  console.log(
    'arm       body     nginx rps  tollgate rps  ratio (middle half)    CPU   errors  target',
  )
  for (const row of results) {
    const range = row.throughputRatioRange.map((value) => value.toFixed(2)).join('-')
    console.log(
      row.contender.padEnd(9),
      row.size.padEnd(7),
      row.nginx.toFixed(0).padStart(10),
      row.tollgate.toFixed(0).padStart(13),
      `${row.throughputRatio.toFixed(2)} (${range})`.padStart(20),
      row.cpuRatio.toFixed(2).padStart(6),
      String(row.errors).padStart(8),
      (row.target?.toFixed(2) ?? '').padStart(7),
    )
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.round((sorted.length - 1) * q)] ?? Number.NaN
}

if (options.serve === undefined) await compare()
else if (options.layers === undefined) serveProxy(Number(options.serve), options.upstream)
else await serveLayers(Number(options.serve), options.upstream, options.layers)
