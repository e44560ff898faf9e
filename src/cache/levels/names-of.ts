import type { EntryMeta, Name } from '../contract.ts'

/** Everything that an entry hangs on. */
export function namesOf(key: string, meta: EntryMeta): readonly Name[] {
  const { tags, prefixes, tenant, policy } = meta
  const names: Name[] = [{ kind: 'key', name: key }]
  for (const name of tags) names.push({ kind: 'tag', name })
  for (const name of prefixes) names.push({ kind: 'prefix', name })
  if (tenant !== '') names.push({ kind: 'tenant', name: tenant })
  if (policy !== undefined) names.push({ kind: 'policy', name: policy })
  return names
}
