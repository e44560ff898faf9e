import type { Policy, Value } from '../../rego/index.ts'
import { compile } from '../../rego/index.ts'
import type { Document } from '../bundle/documents.ts'
import { isDocument } from '../bundle/documents.ts'
import { BundleError } from '../bundle/bundle-error.ts'
import type { PolicySources } from '../bundle/sources.ts'

/** Policies and data that can be changed while they are in use. A change is applied completely or not at all. */
export interface PolicyStore {
  /** The policy in force; an evaluation that began with it continues with it. */
  policy(): Policy
  revision(): string
  modules(): Readonly<Record<string, string>>
  /** Adds or replaces a module. Throws a RegoError when the modules do not compile together. */
  putModule(id: string, text: string): void
  /** Removes a module; returns whether it existed. Throws a RegoError when other modules need it. */
  deleteModule(id: string): boolean
  data(): Document
  /** Replaces all data. Throws a BundleError unless it is an object. */
  replaceData(data: Value): void
}

/** What a {@link PolicyStore} begins with. */
export interface PolicyStoreOptions {
  readonly sources: PolicySources
  /** How many loop iterations and calls one evaluation may take. */
  readonly steps: number
  /** Receives what policies print; without it, calls of `print` are left out. */
  readonly print?: (message: string) => void
}

/** Creates a {@link PolicyStore}. Throws a RegoError when the sources do not compile. */
export function createPolicyStore({ sources, steps, print }: PolicyStoreOptions): PolicyStore {
  let { modules, data } = sources
  let changes = 0
  const build = (next: Readonly<Record<string, string>>): Policy =>
    compile({
      modules: next,
      data,
      regoVersion: sources.regoVersion,
      steps,
      ...(print !== undefined && { print }),
    })
  let policy = build(modules)
  const replaceModules = (next: Readonly<Record<string, string>>): void => {
    policy = build(next)
    modules = next
    changes += 1
  }
  return {
    policy: () => policy,
    revision: () => (changes === 0 ? sources.revision : `${sources.revision}+${changes}`),
    modules: () => modules,
    putModule(id, text) {
      replaceModules({ ...modules, [id]: text })
    },
    deleteModule(id) {
      if (!Object.hasOwn(modules, id)) return false
      const rest = Object.entries(modules).filter(([name]) => name !== id)
      replaceModules(Object.fromEntries(rest))
      return true
    },
    data: () => data,
    replaceData(next) {
      if (!isDocument(next)) throw new BundleError('data must be an object')
      policy = policy.withData(next)
      data = next
      changes += 1
    },
  }
}
