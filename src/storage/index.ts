/** Storage: records, counters, log and bus behind small interfaces, domain-free. */
export type {
  BaseRow,
  Change,
  Collection,
  Column,
  ColumnType,
  CommitOutcome,
  Index,
  NewRow,
  Page,
  Query,
  Reader,
  Records,
  TenantRow,
} from './records.ts'
export { updatePresent } from './update-present.ts'
export type {
  Claim,
  ClaimState,
  Counters,
  CounterShape,
  SlotHint,
  TakeOutcome,
} from './counters.ts'
export { GRANTED } from './counters.ts'
export type { Log, LogFrame, LogPosition, LogSegment } from './log.ts'
export type { Bus, BusEvent, BusMessage } from './bus.ts'
export { createMemoryRecords } from './memory/records.ts'
export type { MemoryRecordsOptions } from './memory/records.ts'
export { createMemoryBus } from './memory/bus.ts'
export { createMemoryCounters } from './counting/in-process.ts'
export type { SyncCounters } from './counting/in-process.ts'
export { openSqlite } from './open-sqlite.ts'
export type { SqliteOptions } from './open-sqlite.ts'
export { SchemaError } from './sql/migrations.ts'
export type { Migration } from './sql/migrations.ts'
export type { AnyCollection } from './schema/collection-schema.ts'
export { DataLockedError } from './data-locked.ts'
export { DataUnwritableError } from './data-unwritable.ts'
export { COUNTER_ROWS } from './counting/counter-rows.ts'
export type { CounterRow } from './counting/counter-rows.ts'
export { createDurableCounters } from './counting/durable.ts'
export type { DurableCountersOptions } from './counting/durable.ts'
export { createMemoryLog } from './memory/log.ts'
export { openFileLog, readFileLog } from './files/log.ts'
export type { FileLogOptions, LogReader } from './files/log.ts'
export { RelayError } from './relay/link.ts'
export type { Link } from './relay/link.ts'
export { createRelayClient } from './relay/client.ts'
export type { RelayClient, RelayClientOptions } from './relay/client.ts'
export { createRelayServer } from './relay/server.ts'
export type { RelayServer } from './relay/server.ts'
export type { RelayedStorage } from './relay/operations.ts'
export { createSiblingHub, joinSiblings } from './siblings.ts'
export type { SiblingHub, Siblings } from './siblings.ts'
export { createStreamBus } from './redis/bus.ts'
export type { RedisArgument, RedisReply } from './redis/driver.ts'
export { parseRedisUrl, REDIS_DEFAULTS } from './redis/options.ts'
export type { RedisNode, RedisOptions, RedisTls, RedisUrl } from './redis/options.ts'
export { openRedis } from './open-redis.ts'
export { RedisUnavailableError } from './redis/unavailable.ts'
export type { Redis, RedisParts, RedisStats } from './redis/redis.ts'
export { openRedisStream, STREAM_DEFAULTS } from './redis/stream.ts'
export type {
  RedisStream,
  RedisStreamOptions,
  StreamListener,
  StreamStats,
} from './redis/stream.ts'
export type { Posted } from './redis/stream-outbox.ts'
export { formatPosition, parsePosition } from './redis/stream-wire.ts'
export type { StreamEntry, StreamPosition, StreamSnapshot } from './redis/stream-wire.ts'
