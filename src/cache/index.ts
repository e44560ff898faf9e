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
