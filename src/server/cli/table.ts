/** A column: its heading and what it shows of a row. */
export interface TableColumn {
  readonly heading: string
  /** Dotted path into the row, such as `caller.id`. */
  readonly field: string
  /** How the value is written; by default as text. */
  readonly format?: 'time' | 'list' | 'duration' | 'flag' | 'share'
}

/** How a table is drawn. */
export interface TableOptions {
  readonly color: boolean
  /** Tab-separated for programs, aligned for people. */
  readonly aligned: boolean
}

/** Draws rows as a table, ending with a line feed. */
export function renderTable(
  rows: readonly unknown[],
  columns: readonly TableColumn[],
  options: TableOptions,
): string {
  const headings = columns.map((column) => column.heading.toUpperCase())
  const cells = rows.map((row) =>
    columns.map((column) => clean(formatValue(pick(row, column.field), column.format))),
  )
  if (!options.aligned) {
    return `${[headings, ...cells].map((line) => line.join('\t')).join('\n')}\n`
  }
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...cells.map((line) => line[index]?.length ?? 0)),
  )
  const draw = (line: readonly string[]): string =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  const head = options.color ? `\u001B[1m${draw(headings)}\u001B[22m` : draw(headings)
  return `${[head, ...cells.map(draw)].join('\n')}\n`
}

/**
 * Draws the fields of one thing, one per line. Nested fields are named with dots, items of a list by their name or
 * index: `layers.limit.p99Ns`, `targets.0.healthy`.
 */
export function renderFields(value: unknown, options: TableOptions): string {
  if (value === null || typeof value !== 'object') return `${clean(formatValue(value))}\n`
  const entries = leavesOf(value).map(([name, item]) => {
    const format = name.endsWith('AtMs') ? 'time' : undefined
    return [clean(name), clean(formatValue(item, format))] as const
  })
  const width = Math.max(0, ...entries.map(([name]) => name.length))
  const bold = (text: string): string => (options.color ? `\u001B[1m${text}\u001B[22m` : text)
  const lines = entries.map(([name, text]) =>
    options.aligned ? `${bold(name.padEnd(width))}  ${text}`.trimEnd() : `${name}\t${text}`,
  )
  return `${lines.join('\n')}\n`
}

type Leaf = readonly [name: string, value: unknown]

function leavesOf(value: object): readonly Leaf[] {
  return Object.entries(value).flatMap(([name, item]: Leaf) => {
    const parts = partsOf(item)
    if (parts === undefined) return [[name, item] as const]
    return leavesOf(parts).map(([inner, leaf]) => [`${name}.${inner}`, leaf] as const)
  })
}

/** The parts of a value by name; `undefined` if it is written in one piece. */
function partsOf(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
    return undefined
  if (!Array.isArray(value)) return value
  if (value.every((item) => typeof item !== 'object')) return undefined
  const names = value.map(nameOf)
  const areNamed = !names.includes(undefined) && new Set(names).size === names.length
  return Object.fromEntries(
    value.map((item, at) => (areNamed ? [names[at], withoutName(item)] : [at, item])),
  )
}

/** The first field of an item, if it is text. */
function nameOf(item: unknown): string | undefined {
  const [first] = typeof item === 'object' && item !== null ? Object.values(item) : []
  return typeof first === 'string' ? first : undefined
}

const withoutName = (item: object): object => Object.fromEntries(Object.entries(item).slice(1))

function pick(row: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (item, key) =>
        item !== null && typeof item === 'object' && Object.hasOwn(item, key)
          ? (item as Readonly<Record<string, unknown>>)[key]
          : undefined,
      row,
    )
}

function formatValue(value: unknown, format?: TableColumn['format']): string {
  if (value === undefined || value === null) return '-'
  if (format === 'time') return new Date(Number(value)).toISOString()
  if (format === 'duration') return formatDuration(Number(value))
  if (format === 'share') return `${Math.round(Number(value) * 100)}%`
  if (format === 'flag') return value === true ? 'yes' : 'no'
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.length === 0 ? '-' : value.join(',')
  }
  if (typeof value === 'object' && Object.keys(value).length === 0) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const UNITS = [
  ['ns', 1e3],
  ['µs', 1e3],
  ['ms', 1e3],
] as const

/** Nanoseconds in readable form: `740 ns`, `12.3 µs`, `1.20 ms`. */
export function formatDuration(nanoseconds: number): string {
  let value = nanoseconds
  for (const [unit, next] of UNITS) {
    if (value < next) return `${unit === 'ns' ? value : value.toPrecision(3)} ${unit}`
    value /= next
  }
  return `${value.toPrecision(3)} s`
}

/** Control characters written visibly, so that data cannot steer the terminal. */
const clean = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return String.raw`\u${code}`
  })
