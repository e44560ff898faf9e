import type { EntryMeta, Name } from '../contract.ts'

/** Everything that an entry depends on. */
export function namesOf(key: string, meta: EntryMeta): readonly Name[] {
  const { tags, prefixes, tenant, policy, dependsOn } = meta
  const names: Name[] = [{ kind: 'key', name: key }]
  for (const name of tags) names.push({ kind: 'tag', name })
  for (const name of prefixes) names.push({ kind: 'prefix', name })
  names.push({ kind: 'tenant', name: tenant })
  if (policy !== undefined) {
    // The empty name is the policy of everybody: it binds each tenant's decisions, too.
    names.push({ kind: 'policy', name: '' })
    if (policy !== '') names.push({ kind: 'policy', name: policy })
  }
  return dependsOn === undefined ? names : [...names, ...dependsOn]
}
