import type { Annotations } from '../syntax/annotations.ts'
import type { Module } from '../syntax/ast.ts'
import type { Value } from '../values/index.ts'
import type { MetadataAnswers } from './metadata-answers.ts'
import { pathLabel } from './tree.ts'
import type { RuleInfo } from './tree.ts'

/** The annotations of all modules, by their targets. */
export class AnnotationIndex {
  readonly #byPath = new Map<string, Annotations[]>()

  constructor(modules: readonly Module[]) {
    for (const module of modules) {
      for (const annotations of module.annotations) {
        if (annotations.scope === 'rule') continue
        const label = pathLabel(annotations.path ?? [])
        this.#byPath.set(label, [...(this.#byPath.get(label) ?? []), annotations])
      }
    }
  }

  /** What the metadata built-ins return inside a rule. */
  answers(info: RuleInfo): MetadataAnswers {
    return { chain: () => this.#chain(info), rule: () => ownAnnotations(info)?.value ?? {} }
  }

  #at(path: readonly string[], scope: Annotations['scope']): Value[] {
    const found = this.#byPath.get(pathLabel(path)) ?? []
    return found
      .filter((item) => item.scope === scope)
      .map((item) => ({ annotations: item.value, path: [...path] }))
  }

  #chain(info: RuleInfo): Value {
    const own = ownAnnotations(info)
    const path = [...info.ground]
    const rule: Value = own === undefined ? { path } : { annotations: own.value, path }
    const package_ = info.module.package.path
    const chain = [rule, ...this.#at(info.ground, 'document'), ...this.#at(package_, 'package')]
    for (let length = package_.length; length > 0; length--)
      chain.push(...this.#at(package_.slice(0, length), 'subpackages'))
    return chain
  }
}

function ownAnnotations(info: RuleInfo): Annotations | undefined {
  return info.annotations.find((item) => item.scope === 'rule')
}
