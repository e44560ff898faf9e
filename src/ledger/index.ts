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
export type { Digest } from './chain.ts'
export { createLedger } from './ledger.ts'
export type { LedgerOptions } from './ledger.ts'
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
export { verifyChain } from './verify.ts'
export type { VerifyOptions } from './verify.ts'
