import { faultsExperiment } from '../../experiments/faults/index.ts'
import type { FaultKind, FaultsOptions } from '../../experiments/faults/index.ts'
import { aimArgs, readAim } from '../aim-options.ts'
import type { Arguments } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'

const FAULTS: Readonly<Record<FaultKind, string>> = {
  cut: 'ends connections and accepts no new ones',
  reset: 'ends connections once',
  blackhole: 'accepts everything and passes nothing on',
  slow: 'passes everything on with a delay (--delay)',
  throttle: 'limits the bytes per second (--bytes)',
  stop: 'suspends a process and resumes it (--pid)',
  kill: 'kills a process (--pid)',
}

const isFault = (text: string): text is FaultKind => Object.hasOwn(FAULTS, text)

/** `lab faults`: break something under load. */
export const faultsCommand = experimentCommand({
  summary: 'Break a dependency of a server under load: time to recover, requests lost',
  experiment: faultsExperiment,
  examples: [
    'tollgate lab faults --target http://127.0.0.1:8080/scene --fault cut --listen 127.0.0.1:9201 --upstream 127.0.0.1:9101',
    'tollgate lab faults --target http://127.0.0.1:8080/scene --fault stop --pid 4711 --for 3s',
  ],
  args: {
    ...aimArgs,
    fault: {
      type: 'string',
      valueHint: 'kind',
      description: Object.entries(FAULTS)
        .map(([name, what]) => `${name} ${what}`)
        .join('; '),
    },
    delay: { type: 'string', valueHint: 'time', description: 'For slow (default 1s).' },
    bytes: {
      type: 'string',
      valueHint: 'n',
      description: 'For throttle: bytes per second (default 1024).',
    },
    listen: {
      type: 'string',
      valueHint: 'host:port',
      description:
        'Where the proxy of the lab listens; the server must be configured to reach its dependency here.',
    },
    upstream: {
      type: 'string',
      valueHint: 'host:port',
      description: 'Where that proxy forwards to: the real dependency.',
    },
    pid: { type: 'string', valueHint: 'n', description: 'The process for stop and kill.' },
    rate: {
      type: 'string',
      valueHint: 'n',
      description: 'Planned requests per second (default 100).',
    },
    before: {
      type: 'string',
      valueHint: 'time',
      description: 'Load before the fault (default 10s).',
    },
    for: {
      type: 'string',
      valueHint: 'time',
      description: 'How long the fault lasts (default 5s).',
    },
    after: {
      type: 'string',
      valueHint: 'time',
      description: 'How long the recovery is watched after the fault (default 15s).',
    },
    timeout: {
      type: 'string',
      valueHint: 'time',
      description: 'Requests that take longer are lost (default 5s).',
    },
    connections: {
      type: 'string',
      valueHint: 'n',
      description: 'Maximum number of connections (default 2000).',
    },
    'recover-within': {
      type: 'string',
      valueHint: 'time',
      description: 'Fail if the recovery takes longer (default 5s).',
    },
    'lost-max': {
      type: 'string',
      valueHint: 'share',
      description: 'Fail if a larger share of the requests during the fault is lost.',
    },
  },
  options: readOptions,
})

function readOptions(args: Arguments, common: CommonOptions): FaultsOptions {
  const fault = args.text('fault') ?? 'cut'
  if (!isFault(fault)) {
    throw new UsageError(`--fault: one of ${Object.keys(FAULTS).join(', ')}, not ${fault}`)
  }
  const pid = args.number('pid', { min: 2, whole: true }) ?? null
  const needsPid = fault === 'stop' || fault === 'kill'
  if (needsPid && pid === null) throw new UsageError(`--fault ${fault} needs --pid`)
  if (!needsPid && pid !== null) throw new UsageError('--pid is for --fault stop and kill')
  const listen = args.text('listen')
  const upstream = args.text('upstream')
  if ((listen === undefined) !== (upstream === undefined)) {
    throw new UsageError('--listen and --upstream belong together')
  }
  return {
    ...readAim(args, common),
    fault,
    delayMs: args.durationMs('delay') ?? 1000,
    bytesPerSecond: args.number('bytes', { min: 1 }) ?? 1024,
    rate: args.number('rate', { min: 1, max: 1_000_000 }) ?? 100,
    beforeMs: args.durationMs('before') ?? (common.quick ? 3000 : 10_000),
    forMs: args.durationMs('for') ?? (common.quick ? 2000 : 5000),
    afterMs: args.durationMs('after') ?? (common.quick ? 5000 : 15_000),
    timeoutMs: args.durationMs('timeout') ?? 5000,
    connectionsMax: args.number('connections', { min: 1, max: 200_000, whole: true }) ?? 2000,
    proxy: listen === undefined || upstream === undefined ? null : { listen, upstream },
    pid,
    recoverWithinMs: args.durationMs('recover-within') ?? 5000,
    lostShareMax: args.number('lost-max', { min: 0, max: 1 }) ?? null,
  }
}
