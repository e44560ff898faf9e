import type { Operation } from './operation.ts'
import { auditOperations } from './resources/audit.ts'
import { banOperations } from './resources/bans.ts'
import { cacheOperations } from './resources/cache.ts'
import { configurationOperations } from './resources/configuration.ts'
import { explainOperations } from './resources/explain.ts'
import { keyOperations } from './resources/keys.ts'
import { limitOperations } from './resources/limits.ts'
import { policyOperations } from './resources/policies.ts'
import { roleOperations } from './resources/roles.ts'
import { selfOperations } from './resources/self.ts'
import { sessionOperations } from './resources/sessions.ts'
import { tenantOperations } from './resources/tenants.ts'
import { tokenOperations } from './resources/tokens.ts'
import { userOperations } from './resources/users.ts'

/** Everything the admin API does, in the order of its reference. */
export const OPERATIONS: readonly Operation[] = [
  ...selfOperations,
  ...tenantOperations,
  ...userOperations,
  ...roleOperations,
  ...keyOperations,
  ...tokenOperations,
  ...sessionOperations,
  ...limitOperations,
  ...banOperations,
  ...cacheOperations,
  ...policyOperations,
  ...auditOperations,
  ...configurationOperations,
  ...explainOperations,
]
