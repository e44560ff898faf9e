import type { Experiment } from '../../core/index.ts'
import { analyzeConnections } from './analyze.ts'
import type { ConnectionsRaw } from './measure.ts'
import { measureConnections } from './measure.ts'
import type { ConnectionsOptions } from './options.ts'

/** More and more open connections: what each costs, and up to how many all are served. */
export const connectionsExperiment: Experiment<ConnectionsOptions, ConnectionsRaw> = {
  kind: 'connections',
  title: 'Connections',
  measure: measureConnections,
  analyze: analyzeConnections,
}

export type { ConnectionsRaw } from './measure.ts'
export type { ConnectionsOptions } from './options.ts'
