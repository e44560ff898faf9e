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
export type { Claim, ClaimState, Counters, CounterShape, TakeOutcome } from './counters.ts'
export type { Log, LogPosition, LogSegment } from './log.ts'
export type { Bus, BusEvent, BusMessage } from './bus.ts'
export { createMemoryRecords } from './memory/records.ts'
export type { MemoryRecordsOptions } from './memory/records.ts'
export { createMemoryBus } from './memory/bus.ts'
export { createMemoryCounters } from './counting/in-process.ts'
export type { SyncCounters } from './counting/in-process.ts'
