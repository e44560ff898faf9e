import type { Command } from './command.ts'

/** A command: its summary, and how to load it. */
export interface Entry {
  readonly summary: string
  load(): Promise<Command>
}

/** The commands of the lab. Each is loaded only when it is asked for. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  overhead: {
    summary: 'What each layer of a gate costs',
    load: async () => (await import('./commands/overhead.ts')).overheadCommand,
  },
  micro: {
    summary: 'What single operations take: time with intervals, and memory',
    load: async () => (await import('./commands/micro.ts')).microCommand,
  },
  leak: {
    summary: 'Whether memory leaks: a long load, with a known leak and an idle server as controls',
    load: async () => (await import('./commands/leak.ts')).leakCommand,
  },
  compare: {
    summary:
      'Whether a server got slower than in a stored run, or is slower than another beside it',
    load: async () => (await import('./commands/compare.ts')).compareCommand,
  },
  scale: {
    summary: 'How throughput grows from 1 to N instances: Universal Scalability Law with intervals',
    load: async () => (await import('./commands/scale.ts')).scaleCommand,
  },
  profile: {
    summary: 'Where time and memory go under load: flame graph, top functions, difference of two',
    load: async () => (await import('./commands/profile.ts')).profileCommand,
  },
  load: {
    summary: 'Put load of a given shape on a server and check it against thresholds',
    load: async () => (await import('./commands/load.ts')).loadCommand,
  },
  break: {
    summary: 'Find the highest rate at which an objective is met, and confirm it',
    load: async () => (await import('./commands/break.ts')).breakCommand,
  },
  connections: {
    summary: 'Climb a ladder of open connections: memory and latency of each step',
    load: async () => (await import('./commands/connections.ts')).connectionsCommand,
  },
  faults: {
    summary: 'Break a dependency of a server under load: time to recover, requests lost',
    load: async () => (await import('./commands/faults.ts')).faultsCommand,
  },
  cache: {
    summary: 'Hit ratio cold, warm, thrashing and in a stampede, as the server reports it',
    load: async () => (await import('./commands/cache.ts')).cacheCommand,
  },
  machine: {
    summary: 'What this machine is, and whether it is quiet enough to measure on',
    load: async () => (await import('./commands/machine.ts')).machineCommand,
  },
  replay: {
    summary: 'Compute every figure of a record again from its raw data, and compare',
    load: async () => (await import('./commands/replay.ts')).replayCommand,
  },
  report: {
    summary: 'Turn a stored record into HTML, Markdown, JUnit XML or CSV',
    load: async () => (await import('./commands/report.ts')).reportCommand,
  },
  worker: {
    summary: 'Send load on behalf of runs that are driven from another machine',
    load: async () => (await import('./commands/worker.ts')).workerCommand,
  },
  synthetic: {
    summary: 'Start a server whose behavior is known, to try the lab on',
    load: async () => (await import('./commands/synthetic.ts')).syntheticCommand,
  },
  validate: {
    summary: 'Check the claims and the checklist of a plan, with the evidence for each',
    load: async () => (await import('./commands/validate.ts')).validateCommand,
  },
}
