import type { Automaton } from './compile.ts'

/** Whether the automaton accepts the whole text; takes time linear in the text. */
export function matchGlob(automaton: Automaton, text: string): boolean {
  let current = closure(automaton, [automaton.length - 1])
  for (const character of text) {
    const code = character.codePointAt(0)!
    const reached: number[] = []
    for (const index of current) {
      const state = automaton[index]!
      if (state.kind === 'character' && state.accepts(code)) reached.push(state.next)
    }
    if (reached.length === 0) return false
    current = closure(automaton, reached)
  }
  return current.has(0)
}

/** The states reachable without consuming a character. */
function closure(automaton: Automaton, start: readonly number[]): Set<number> {
  const found = new Set<number>()
  const pending = [...start]
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (found.has(index)) continue
    found.add(index)
    const state = automaton[index]!
    if (state.kind === 'split') pending.push(...state.next)
  }
  return found
}
