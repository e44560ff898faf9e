import type { CollectionSchema } from './collection-schema.ts'

/** What may be read: one tenant, all tenants (by indexes that allow it), or a collection without tenants. */
export type Scope =
  | { readonly kind: 'tenant'; readonly tenantId: string }
  | { readonly kind: 'across' }
  | { readonly kind: 'global' }

/** Throws unless the scope suits the collection: tenant data can be reached only by naming the tenant. */
export function requireScope(
  schema: Pick<CollectionSchema, 'name' | 'tenant'>,
  scope: Scope,
): void {
  const tenant = scope.kind !== 'global'
  if (tenant !== schema.tenant) {
    throw new RangeError(
      schema.tenant
        ? `${schema.name} belongs to tenants: name one`
        : `${schema.name} has no tenants`,
    )
  }
}

/** The scope that a change names; deletes without a tenant need an index across tenants. */
export function changeScope(schema: CollectionSchema, tenantId: string | undefined): Scope {
  if (!schema.tenant) {
    if (tenantId !== undefined) throw new RangeError(`${schema.name} has no tenants`)
    return { kind: 'global' }
  }
  return tenantId === undefined ? { kind: 'across' } : { kind: 'tenant', tenantId }
}

/** The tenant of a change to one row: required exactly when the collection belongs to tenants. */
export function changeTenant(
  schema: CollectionSchema,
  tenantId: string | undefined,
): string | undefined {
  const scope = changeScope(schema, tenantId)
  if (scope.kind === 'across') throw new RangeError(`${schema.name} belongs to tenants: name one`)
  return tenantId
}
