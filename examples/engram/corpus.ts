import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The shipped collections of texts in the public domain. */
export type CorpusName = 'literature' | 'science'

/** A text to remember. */
export interface Passage {
  readonly source: string
  readonly text: string
}

/** Reads a shipped corpus: `# source` lines, each followed by its text. */
export function readCorpus(name: CorpusName): readonly Passage[] {
  const file = readFileSync(join(import.meta.dirname, 'texts', `${name}.md`), 'utf8')
  return file
    .split(/^# /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n')
      return { source: section.slice(0, end).trim(), text: section.slice(end).trim() }
    })
}
