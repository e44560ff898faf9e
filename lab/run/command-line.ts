import { HIDDEN, redactLine } from './redact.ts'

/** Options whose values may be secrets, and what a record may say about them. */
const SECRET_OPTIONS: Readonly<Record<string, (value: string) => string>> = {
  '--header': redactLine,
  '-H': redactLine,
  '--callers': () => HIDDEN,
}

/** The command that repeats a run: the one typed, with its seed and without the values of headers and tokens. */
export function repeatCommand(argv: readonly string[], seed: number): string {
  const words = argv.map((word, at) => {
    const redact = SECRET_OPTIONS[argv[at - 1] ?? '']
    if (redact !== undefined) return redact(word)
    const [, option = '', value = ''] = /^(--[\w-]+=|-H)(.+)$/s.exec(word) ?? []
    const redactInline = SECRET_OPTIONS[option.replace(/=$/, '')]
    return redactInline === undefined ? word : `${option}${redactInline(value)}`
  })
  const isSeeded = argv.some((word) => word === '--seed' || word.startsWith('--seed='))
  const seeded = isSeeded ? words : [...words, '--seed', String(seed)]
  return `tollgate lab ${seeded.map(quote).join(' ')}`
}

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
