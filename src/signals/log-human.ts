import type { LineEncoder } from './log-line.ts'
import type { LogFields, LogLevel } from './log-level.ts'
import { isSensitiveName, MASK } from '../core/mask.ts'
import { cleanText, createTimeFormatter, escapeControls, plainValue } from './log-line.ts'

const COLORS: Readonly<Record<LogLevel, string>> = {
  debug: '\u001b[2m',
  info: '\u001b[36m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
}
const DIM = '\u001b[2m'
const RESET = '\u001b[0m'
const LEVEL_WIDTH = 5
const TIME_START = 11
const TIME_END = 23

/** Encodes for a terminal: `12:34:56.789 info  message  name=value …`, always exactly one line. */
export function createHumanEncoder(color: boolean): LineEncoder {
  const paint = (code: string, text: string): string => (color ? code + text + RESET : text)
  const formatTime = createTimeFormatter()
  const fieldsOf = (fields: LogFields): string =>
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${paint(DIM, `${escapeControls(name)}=`)}${valueOf(name, value)}`)
      .join('')
  return Object.assign(
    (
      timeMs: number,
      level: LogLevel,
      message: string,
      bound: string,
      fields?: LogFields,
    ): string => {
      const time = paint(DIM, formatTime(timeMs).slice(TIME_START, TIME_END))
      const tail = bound + (fields === undefined ? '' : fieldsOf(fields))
      const head = `${time} ${paint(COLORS[level], level.padEnd(LEVEL_WIDTH))}`
      return `${head} ${escapeControls(cleanText(message))}${tail === '' ? '' : ` ${tail}`}\n`
    },
    { fields: fieldsOf },
  )
}

function valueOf(name: string, value: unknown): string {
  if (isSensitiveName(name)) return MASK
  const plain = plainValue(value, 0)
  if (typeof plain === 'string')
    return /^[\w.:/@-]+$/.test(plain) ? plain : escapeControls(JSON.stringify(plain))
  return escapeControls(JSON.stringify(plain))
}
