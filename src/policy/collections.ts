import type { Collection, TenantRow } from '../storage/index.ts'

/** A tenant's own role, as stored. */
export interface RoleRow extends TenantRow {
  readonly name: string
  readonly description: string
  readonly permissions: readonly string[]
  readonly inherits: readonly string[]
}

/** A role that a subject holds, as stored. */
export interface AssignmentRow extends TenantRow {
  readonly subjectId: string
  readonly role: string
}

export const roleCollection: Collection<RoleRow> = {
  name: 'roles',
  tenant: true,
  columns: {
    name: { type: 'text' },
    description: { type: 'text' },
    permissions: { type: 'json' },
    inherits: { type: 'json' },
  },
  indexes: [{ name: 'byName', columns: ['name'], unique: true }],
}

export const assignmentCollection: Collection<AssignmentRow> = {
  name: 'role_assignments',
  tenant: true,
  columns: { subjectId: { type: 'text' }, role: { type: 'text' } },
  indexes: [
    { name: 'bySubject', columns: ['subjectId', 'role'], unique: true },
    { name: 'byRole', columns: ['role', 'subjectId'] },
  ],
}

/** What policy keeps in storage; everything belongs to a tenant and is removed with it. */
export const policyCollections = [roleCollection, assignmentCollection] as const
