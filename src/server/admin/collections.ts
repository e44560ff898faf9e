import type { AnyCollection } from '../../storage/index.ts'
import { idempotencyCollection } from './idempotency.ts'
import { rootKeyCollection } from './root-key.ts'

/** What the admin API keeps: its root key's digest, and answers by Idempotency-Key. */
export const adminCollections: readonly AnyCollection[] = [rootKeyCollection, idempotencyCollection]
