import type { Clock } from '../core/clock.ts'
import type { IdFactory } from '../core/ids.ts'
import { fail, succeed } from '../core/refusal.ts'
import type { Records } from '../storage/index.ts'
import { assignmentCollection } from './collections.ts'
import type { AssignmentRow } from './collections.ts'
import type { AssignmentService, AssignmentView } from './services.ts'

/** How many roles one subject may hold within a tenant. */
const ROLES_PER_SUBJECT_MAX = 64

/** What the assignment service needs. */
export interface AssignmentServiceParts {
  readonly records: Records
  readonly clock: Clock
  readonly ids: IdFactory
  readonly unknownRoles: (tenantId: string, roles: readonly string[]) => Promise<readonly string[]>
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>
  readonly announce: (tenantId: string) => Promise<void>
}

const viewOf = ({ subjectId, role, createdAtMs }: AssignmentRow): AssignmentView => ({
  subjectId,
  role,
  createdAtMs,
})

/** Reads a subject's stored assignments. */
export async function readAssignments(
  records: Records,
  tenantId: string,
  subjectId: string,
): Promise<readonly AssignmentRow[]> {
  const reader = records.tenant(tenantId, assignmentCollection)
  const page = await reader.find({ index: 'bySubject', equals: { subjectId }, limit: 1000 })
  return page.rows
}

/** Creates the {@link AssignmentService}. */
export function createAssignmentService(parts: AssignmentServiceParts): AssignmentService {
  const { records } = parts
  return {
    async list(tenantId, subjectId) {
      return (await readAssignments(records, tenantId, subjectId)).map(viewOf)
    },
    async holders(tenantId, role, query) {
      const reader = records.tenant(tenantId, assignmentCollection)
      const page = await reader.find({
        index: 'byRole',
        equals: { role },
        ...(query?.limit === undefined ? {} : { limit: query.limit }),
        ...(query?.cursor === undefined ? {} : { cursor: query.cursor }),
      })
      return { ...page, rows: page.rows.map(viewOf) }
    },
    assign: (tenantId, subjectId, role) =>
      parts.exclusive(() => assign(parts, tenantId, subjectId, role)),
    unassign: (tenantId, subjectId, role) =>
      parts.exclusive(() => unassign(parts, tenantId, subjectId, role)),
  }
}

async function assign(
  parts: AssignmentServiceParts,
  tenantId: string,
  subjectId: string,
  role: string,
): ReturnType<AssignmentService['assign']> {
  const unknown = await parts.unknownRoles(tenantId, [role])
  if (unknown.length > 0) return fail('not_found', { detail: `There is no role ${role}.` })
  const held = await readAssignments(parts.records, tenantId, subjectId)
  if (held.length >= ROLES_PER_SUBJECT_MAX) {
    return fail('conflict', {
      detail: `A subject may hold at most ${ROLES_PER_SUBJECT_MAX} roles.`,
    })
  }
  const nowMs = parts.clock.nowMs()
  const id = parts.ids('assignment')
  const row = { id, tenantId, subjectId, role, createdAtMs: nowMs, updatedAtMs: nowMs }
  const stored = await parts.records.commit([
    { op: 'insert', collection: assignmentCollection.name, row },
  ])
  if (!stored.ok) return fail('conflict', { detail: `The role ${role} is already assigned.` })
  await parts.announce(tenantId)
  return succeed({ before: undefined, after: viewOf({ ...row, version: 1 }) })
}

async function unassign(
  parts: AssignmentServiceParts,
  tenantId: string,
  subjectId: string,
  role: string,
): ReturnType<AssignmentService['unassign']> {
  const reader = parts.records.tenant(tenantId, assignmentCollection)
  const row = await reader.getBy('bySubject', { subjectId, role })
  const missing = fail('not_found', { detail: `The role ${role} is not assigned.` })
  if (row === undefined) return missing
  const change = {
    op: 'delete',
    collection: assignmentCollection.name,
    tenantId,
    id: row.id,
  } as const
  const stored = await parts.records.commit([change])
  if (!stored.ok) return missing
  await parts.announce(tenantId)
  return succeed({ before: viewOf(row), after: undefined })
}
