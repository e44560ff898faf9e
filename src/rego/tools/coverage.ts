import type { Body, Module, Rule, Term } from '../syntax/ast.ts'
import { parseModule } from '../syntax/parse-module.ts'

/** Which lines of a file could be evaluated, and which were. Rows count from 1. */
export interface FileCoverage {
  readonly covered: readonly number[]
  readonly notCovered: readonly number[]
  /** Covered lines as a percentage of those that could be covered, from 0 to 100. */
  readonly percent: number
}

export interface CoverageReport {
  readonly files: Readonly<Record<string, FileCoverage>>
  readonly percent: number
}

/** Compares the lines that were evaluated with those that could be. */
export function reportCoverage(
  modules: Readonly<Record<string, string>>,
  counts: ReadonlyMap<string, ReadonlyMap<number, number>>,
  regoVersion: 0 | 1,
): CoverageReport {
  const files: Record<string, FileCoverage> = {}
  let [covered, total] = [0, 0]
  for (const [file, text] of Object.entries(modules)) {
    const rows = coverableRows(parseModule(file, text, regoVersion))
    const hits = counts.get(file)
    const hit = rows.filter((row) => (hits?.get(row) ?? 0) > 0)
    const missed = rows.filter((row) => (hits?.get(row) ?? 0) === 0)
    files[file] = { covered: hit, notCovered: missed, percent: percent(hit.length, rows.length) }
    covered += hit.length
    total += rows.length
  }
  return { files, percent: percent(covered, total) }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.round((part / whole) * 10_000) / 100
}

function coverableRows(module: Module): number[] {
  const rows = new Set<number>()
  const add = (offset: number): void => {
    rows.add(module.source.row(offset))
  }
  for (const rule of module.rules) {
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.orElse) {
      add(branch.start)
      addBody(branch.body, add)
    }
  }
  return [...rows].sort((a, b) => a - b)
}

function addBody(body: Body, add: (offset: number) => void): void {
  for (const { start, expression } of body) {
    if (expression.kind === 'some') continue
    add(start)
    if (expression.kind === 'every') addBody(expression.body, add)
    else if (expression.kind === 'not') addBody(expression.operand.body, add)
    else if (expression.kind === 'logical')
      for (const { body: operand } of expression.operands) addBody(operand, add)
    else if (expression.kind === 'term') addTerm(expression.term, add)
  }
}

function addTerm(term: Term, add: (offset: number) => void): void {
  if (term.kind === 'comprehension') addBody(term.body, add)
  else if (term.kind === 'call') for (const arg of term.args) addTerm(arg, add)
}
