import type { Import, Module } from '../syntax/ast.ts'
import type { Diagnostics } from './diagnostics.ts'

function importName(item: Import): string {
  const last = item.path.kind === 'ref' ? item.path.path.at(-1) : item.path
  return (
    item.alias ?? (last?.kind === 'string' ? last.value : last?.kind === 'var' ? last.name : '')
  )
}

/** Reports imports that hide one another. */
export function checkImports(module: Module, diagnostics: Diagnostics): void {
  if (module.regoVersion === 0) return
  const seen = new Map<string, Import>()
  for (const item of module.imports) {
    const head = item.path.kind === 'ref' ? item.path.head : item.path
    if (head.kind === 'var' && head.name === 'future') continue
    const name = importName(item)
    const before = seen.get(name)
    if (before === undefined) seen.set(name, item)
    else {
      const text = module.source.text.slice(before.start, before.end)
      diagnostics.add(
        'imports',
        'rego_compile_error',
        `import must not shadow ${text}`,
        module.source,
        item.start,
      )
    }
  }
}
