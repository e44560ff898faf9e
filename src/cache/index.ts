/** Cache: decisions and responses that may be remembered; in process, on disk, in Redis. */
export { NAME_CHARACTERS_MAX } from './contract.ts'
export type {
  CacheClock,
  EntryMeta,
  EpochTable,
  Invalidation,
  InvalidationPublisher,
  InvalidationSink,
  Level,
  LevelAnswer,
  LevelFence,
  LevelOutcome,
  LevelStats,
  Name,
  NameKind,
  Place,
  Position,
  Stamp,
  StoredEntry,
} from './contract.ts'
export { createEpochTable } from './epochs/epoch-table.ts'
export { createTextHash } from './text-hash.ts'
export type { TextHash } from './text-hash.ts'
export { CacheKey } from './keys/cache-key.ts'
export type { KeyOwner, PooledKey } from './keys/cache-key.ts'
export { createKeys } from './keys/keys.ts'
export type { Keys, KeyScope, KeyScopeSpec } from './keys/keys.ts'
export type { KeyAudience, KeyPart } from './keys/parts.ts'
export { patternName } from './keys/prefixes.ts'
export type { KeyPattern } from './keys/prefixes.ts'
export { contentKind, decisionKind } from './kinds/kind.ts'
export type { AdaptiveLifetime, Codec, ContentKind, DecisionKind, Kind } from './kinds/kind.ts'
export {
  allowListKind,
  authenticationKind,
  listKind,
  metadataKind,
  permissionKind,
  validationKind,
} from './kinds/defaults.ts'
export type { ValueShape } from './kinds/defaults.ts'
export { ENTRY_BYTES } from './memory/pool-limits.ts'
export type { PoolLimits } from './memory/pool-limits.ts'
export { Pool } from './memory/pool.ts'
export type { Placement } from './memory/pool.ts'
export { textPool } from './memory/text-pool.ts'
export type { TextPool } from './memory/text-pool.ts'
export { MemoryLevel, POOL_LIMITS } from './memory/memory-level.ts'
export type { MemoryKind, MemoryStats, PoolName, PoolStats } from './memory/memory-level.ts'
export type { KindStats } from './memory/kind-counts.ts'
export {
  AVAILABLE_CODINGS,
  createResponseCaches,
  createResponseStore,
  everyResponse,
  normalizeHost,
  pathName,
  REASONS_NOT_TO_STORE,
  responseKey,
  routeName,
  surrogateName,
  TARGETED_FIELDS,
  tenantName,
  urlName,
} from './http/index.ts'
export type {
  Asking,
  FieldReader,
  LookupResult,
  NotStored,
  Origin,
  Recalled,
  RecallOptions,
  RecallRequest,
  ResourceUrl,
  ResponseCaches,
  ResponseStats,
  RouteCache,
} from './http/index.ts'
export { createCache } from './cache.ts'
export type { Cache, CacheOptions, CacheStats } from './cache.ts'
export type { KindCache, StaleStats } from './fills/kind-cache.ts'
export type { Load, LoadContext, Loaded } from './fills/load.ts'
export { CacheBusyError, CacheContendedError } from './fills/errors.ts'
export { COALESCER_LIMITS, createCoalescer } from './fills/coalescer.ts'
export type { Coalescer, CoalescerLimits, CoalescerStats, Schedule } from './fills/coalescer.ts'
export type { Attempt, AttemptContext, Attempted } from './fills/flight.ts'
export { createInvalidationBus } from './bus/invalidation-bus.ts'
export type { InvalidationBus } from './bus/invalidation-bus.ts'
export { FolderInUseError, openDiskLevel } from './disk/disk-level.ts'
export type { DiskLevel, DiskLevelOptions } from './disk/disk-level.ts'
export { createLayeredStore } from './levels/layered-store.ts'
export type { FencedLevel, LayeredStore, LayeredStoreParts } from './levels/layered-store.ts'
export { createPrefetcher } from './prefetch/prefetcher.ts'
export type {
  FetchAhead,
  Prefetcher,
  PrefetcherOptions,
  PrefetchOutcome,
  PrefetchStats,
} from './prefetch/prefetcher.ts'
export { createRouteModel, ROUTE_MODEL_DEFAULTS } from './prefetch/route-model.ts'
export type { Visit } from './prefetch/visit.ts'
export type { NextRoute, RouteModel, RouteModelOptions } from './prefetch/route-model.ts'
export { createRedisLevel } from './redis/redis-level.ts'
export type { RedisLevelOptions } from './redis/redis-level.ts'
export { createHotKeys } from './warm/hot-keys.ts'
export type { HotKeys } from './warm/hot-keys.ts'
export { loadKeys, saveKeys } from './warm/key-snapshot.ts'
export { warmUp } from './warm/warm-up.ts'
export type { WarmUpOptions, WarmUpReport } from './warm/warm-up.ts'
// What a program that uses the cache by itself hands in.
export { systemClock } from '../core/clock.ts'
export { systemRandom } from '../core/random.ts'
