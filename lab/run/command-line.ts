import { redactLine } from './redact.ts'

/** The command that repeats a run: what was typed with its seed, without values of headers. */
export function repeatCommand(argv: readonly string[], seed: number): string {
  const words = argv.map((word, at) => {
    const before = argv[at - 1]
    if (before === '--header' || before === '-H') return redactLine(word)
    const inline = /^(--header=|-H)(.+)$/s.exec(word)
    return inline === null ? word : `${inline[1] ?? ''}${redactLine(inline[2] ?? '')}`
  })
  const isSeeded = argv.some((word) => word === '--seed' || word.startsWith('--seed='))
  const seeded = isSeeded ? words : [...words, '--seed', String(seed)]
  return `tollgate lab ${seeded.map(quote).join(' ')}`
}

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
