export { auditConfig } from './config.ts'
export type { AuditConfig } from './config.ts'
export type {
  AuditFilter,
  AuditPage,
  AuditQuery,
  AuditReader,
  ChainFault,
  Checkpoint,
  FaultKind,
  Ledger,
  LedgerProgress,
  LedgerState,
  OnProgress,
  OpeningReport,
  VerifyReport,
} from './contract.ts'
export { LedgerError } from './ledger-error.ts'
export type { LedgerErrorCode } from './ledger-error.ts'
export type {
  Actor,
  AdminEntry,
  AuditRecord,
  Details,
  DetailValue,
  RecordKind,
  TrafficEntry,
} from './record.ts'
