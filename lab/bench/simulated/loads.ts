import type { Figure, Random } from '../../core/index.ts'
import { COARSE_BITS, createHistogram, mergeHistograms } from '../../histogram/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import type { LoadResult, WindowData } from '../../load/index.ts'
import { loadFigures, summarizeLoad } from '../../load/index.ts'
import type { Study } from './study.ts'
import { createMood, poisson } from './study.ts'

const WINDOW_MS = 250
const RATE = 200
/** Users who send again at once: with response times of about 10 ms, some 200 requests per second. */
const USERS = 2
const MEAN_US = 10_000

/** A server during one window. */
interface Moment {
  readonly meanUs: number
  /** One response time. */
  readonly drawUs: () => number
  /** Share of the requests that fail. */
  readonly failing?: number
}

interface LoadServer {
  readonly title: string
  /** Begins a run. The function it returns is called for each window, with the share of the run that is over. */
  readonly start: (random: Random) => (part: number) => Moment
}

const exponential = (meanUs: number, random: Random): Moment => ({
  meanUs,
  drawUs: () => meanUs * random.exponential(),
})

const moody = (alike: number) => (random: Random) => {
  const mood = createMood(alike, random)
  return () => exponential(MEAN_US * Math.exp(0.3 * mood()), random)
}

const SERVERS: readonly LoadServer[] = [
  {
    title: 'steady, 1 % fail',
    start: (random) => () => ({ ...exponential(MEAN_US, random), failing: 0.01 }),
  },
  { title: 'moods of 2 s', start: moody(0.9) },
  { title: 'moods of 10 s', start: moody(0.975) },
  {
    title: 'three times slower for 2 s at a time, a fifth of it',
    start: (random) => {
      let isSlow = random.next() < 0.2
      return () => {
        if (random.next() < (isSlow ? 1 / 8 : 1 / 32)) isSlow = !isSlow
        return exponential(isSlow ? 3 * MEAN_US : MEAN_US, random)
      }
    },
  },
  {
    title: 'two kinds of requests, 7 % of them slow',
    start: (random) => () => ({
      meanUs: 0.93 * MEAN_US + 0.07 * 11 * MEAN_US,
      drawUs: () =>
        random.next() < 0.07
          ? MEAN_US * (10 + random.exponential())
          : MEAN_US * random.exponential(),
    }),
  },
  {
    title: 'slower by 30 % from begin to end',
    start: (random) => (part) => exponential(MEAN_US * (1 + 0.3 * part), random),
  },
  {
    title: 'heavy tail (Pareto, 1.5)',
    start: (random) => () => ({
      meanUs: MEAN_US,
      drawUs: () => (MEAN_US / 3) * (1 - random.next()) ** (-1 / 1.5),
    }),
  },
  {
    title: 'stops for 100 ms, twice a second',
    start: (random) => () => {
      const stops = random.next() < 1 / 2
      const drawUs = (): number => {
        const waits = stops && random.next() < 100 / WINDOW_MS
        return (waits ? 100_000 * random.next() : 0) + MEAN_US * random.exponential()
      }
      return { meanUs: MEAN_US, drawUs }
    },
  },
  {
    title: 'gone for 1 s, 1 of 40 s',
    start: (random) => {
      let at = 0
      let isAway = false
      return () => {
        if (at % (1000 / WINDOW_MS) === 0) isAway = random.next() < 1 / 40
        at += 1
        return { ...exponential(MEAN_US, random), failing: isAway ? 1 : 0 }
      }
    },
  },
]

interface Counted {
  readonly planned: number
  readonly failed: number
  readonly times: Histogram
}

function count({ meanUs, drawUs, failing = 0 }: Moment, isOpen: boolean, random: Random): Counted {
  const expected = (WINDOW_MS / 1000) * (isOpen ? RATE : (USERS * 1e6) / meanUs)
  const planned = poisson(expected, random)
  const times = createHistogram(COARSE_BITS)
  let failed = 0
  for (let at = 0; at < planned; at += 1) {
    if (failing > 0 && random.next() < failing) failed += 1
    else times.record(drawUs())
  }
  return { planned, failed, times }
}

const windowOf = ({ planned, failed, times }: Counted): WindowData => ({
  planned,
  failed,
  completed: times.count,
  inFlight: 0,
  lagMaxUs: 0,
  response: times.count === 0 ? null : times.toJSON(),
})

function runOf(server: LoadServer, seconds: number, isOpen: boolean, random: Random): LoadResult {
  const moment = server.start(random)
  const size = (seconds * 1000) / WINDOW_MS
  const counted = Array.from({ length: size }, (_, at) => count(moment(at / size), isOpen, random))
  const sum = (of: (one: Counted) => number): number =>
    counted.reduce((total, one) => total + of(one), 0)
  const [planned, failed] = [sum((one) => one.planned), sum((one) => one.failed)]
  const times = mergeHistograms(counted.map((one) => one.times)).toJSON()
  const none = createHistogram().toJSON()
  return {
    requestNames: ['request'],
    requests: [{ planned, failed, succeeded: planned - failed, response: times, service: times }],
    model: isOpen ? 'open' : 'closed',
    workers: 1,
    durationMs: seconds * 1000,
    elapsedMs: seconds * 1000,
    warmUpMs: 0,
    timeoutMs: 10_000,
    windowMs: WINDOW_MS,
    plannedRate: isOpen ? RATE : null,
    thinkMs: isOpen ? null : 0,
    aborted: null,
    cpuMs: 0,
    sent: planned,
    discarded: 0,
    censored: 0,
    completedInTime: planned - failed,
    bytesReceived: 0,
    connectionsOpened: 1,
    connectionsPeak: 1,
    users: isOpen ? 0 : USERS,
    statuses: {},
    failures: {},
    lag: none,
    rejected: none,
    classes: {},
    windows: counted.map(windowOf),
  }
}

const SHARES = {
  'response.p50': 0.5,
  'response.p95': 0.95,
  'response.p99': 0.99,
} as const

/** Length of the runs that give the true values: so long that their own error is negligible. */
const TRUTH_SECONDS = 30_000

/** The true values for runs of this length; those of a server that drifts depend on the length. */
function truthOf(server: LoadServer, seconds: number, isOpen: boolean, random: Random) {
  const times = createHistogram()
  let [planned, failed] = [0, 0]
  const runs = Math.ceil(TRUTH_SECONDS / seconds)
  const size = (seconds * 1000) / WINDOW_MS
  for (let run = 0; run < runs; run += 1) {
    const moment = server.start(random)
    for (let at = 0; at < size; at += 1) {
      const { meanUs, drawUs, failing = 0 } = moment(at / size)
      const requests = (WINDOW_MS / 1000) * (isOpen ? RATE : (USERS * 1e6) / meanUs)
      planned += requests
      failed += requests * failing
      if (failing < 1) {
        for (let drawn = poisson(requests, random); drawn > 0; drawn -= 1) times.record(drawUs())
      }
    }
  }
  const rate = (planned - failed) / (runs * seconds)
  if (!isOpen) return { rps: rate }
  const quantiles = Object.entries(SHARES).map(([name, share]) => [
    name,
    times.quantile(share) / 1000,
  ])
  return {
    ...(Object.fromEntries(quantiles) as Record<string, number>),
    rps: rate,
    ...(failed > 0 && { error_rate: failed / planned }),
  }
}

/** Loads of this length: at a planned rate, and for throughput with users who do not pause. */
export function loadStudies(seconds: number, random: Random): readonly Study[] {
  const studyOf = (server: LoadServer, isOpen: boolean): Study => ({
    experiment: isOpen ? 'load' : 'load, users',
    server: server.title,
    size: `${seconds} s`,
    truths: () => truthOf(server, seconds, isOpen, random.fork(`${server.title} ${isOpen}`)),
    figures: (source, seed): readonly Figure[] => {
      const result = runOf(server, seconds, isOpen, source)
      return loadFigures(result, summarizeLoad(result), seed)
    },
  })
  const closed = SERVERS.filter(({ title }) => /steady|moods|slower/.test(title))
  return [
    ...SERVERS.map((server) => studyOf(server, true)),
    ...closed.map((server) => studyOf(server, false)),
  ]
}
