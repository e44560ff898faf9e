/** The gate: the way of a request. Start reading at `path.ts`, then `gate.ts`. */
export type { BanCheck } from './admit.ts'
export { createAllowListCounts } from './assembly/allow-list-counts.ts'
export type { AllowListCounts } from './assembly/allow-list-counts.ts'
export { createLive } from './assembly/live.ts'
export { loadDeciders } from './assembly/load-deciders.ts'
export type { Live, LiveOutcome, LiveParts } from './assembly/live.ts'
export {
  countCredentialLookups,
  createAccess,
  createNouns,
  createResponsesOf,
  createSignals,
} from './assembly/nouns.ts'
export type { Nouns, NounStorage, PathNouns, Pepper, Signals, World } from './assembly/nouns.ts'
export { compileGate } from './compile.ts'
export type { CompileOutcome, CompileProblem, GateParts } from './compile.ts'
export { defineConfig, gatewayConfig } from './config/index.ts'
export type { GatewayConfig, GatewayConfigInput, RouteConfig } from './config/index.ts'
export { certificateUnfitness } from './config/certificate.ts'
export { largestBodyOf } from './config/largest-body.ts'
export { redisOptions } from './config/redis.ts'
export { admitRequest } from './counted-body.ts'
export type { Connection, Exchange, Note } from './exchange.ts'
export { createGate } from './gate.ts'
export type { Explanation, Gate, GateOptions } from './gate.ts'
export type { Handler, Passed } from './handler.ts'
export { SESSION_COOKIES } from './session-cookie.ts'
export { PATH } from './path.ts'
export type { PolicyDecider, PolicyDeciders, PolicyVerdict } from './policy-decider.ts'
export { reportPrefetches } from './assembly/prefetch-stats.ts'
export type { PrefetchReport } from './assembly/prefetch-stats.ts'
export type { HeldResponses } from './assembly/hold-responses.ts'
export type { ResponseLevels } from './assembly/responses.ts'
export { createRecorder } from './record.ts'
export type { Recorder, RecordOptions } from './record.ts'
export type { Snapshot } from './snapshot.ts'
