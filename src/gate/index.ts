/** The gate: the path that a request takes. Start reading at `path.ts`, then `gate.ts`. */
export { createAllowListCounts } from './assembly/allow-list-counts.ts'
export type { AllowListCounts } from './assembly/allow-list-counts.ts'
export { createLive } from './assembly/live.ts'
export { loadDeciders } from './assembly/load-deciders.ts'
export type { Live } from './assembly/live.ts'
export {
  countCredentialLookups,
  createAccess,
  createNouns,
  createResponsesOf,
  createSignals,
} from './assembly/nouns.ts'
export type { Nouns, NounStorage, PathNouns, Pepper, Signals, World } from './assembly/nouns.ts'
export type { CompileProblem } from './compile.ts'
export { defineConfig, gatewayConfig } from './config/index.ts'
export type { GatewayConfig, GatewayConfigInput } from './config/index.ts'
export { certificateUnfitness } from './config/certificate.ts'
export { largestBodyOf } from './config/largest-body.ts'
export { redisOptions } from './config/redis.ts'
export { admitRequest } from './counted-body.ts'
export type { Connection } from './exchange.ts'
export type { Gate } from './gate.ts'
export type { Handler, Passed } from './handler.ts'
export { PATH } from './path.ts'
export { reportPrefetches } from './assembly/prefetch-stats.ts'
export type { ResponseLevels } from './assembly/responses.ts'
