import type { Clock } from '../core/clock.ts'
import type { LogFields, LogLevel } from './log-level.ts'
import { createHumanEncoder } from './log-human.ts'
import { LOG_LEVELS } from './log-level.ts'
import { createLineEncoder } from './log-line.ts'

/** Where lines go: text of one or more whole lines, each with its line feed. */
export interface LogSink {
  write(text: string): void
}

/** Writes structured log lines. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  enabled(level: LogLevel): boolean
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger
  /** Hands buffered lines to the sink. Call it before the process exits. */
  flush(): void
}

/** What {@link createLogger} needs. */
export interface LoggerOptions {
  readonly clock: Clock
  readonly sink: LogSink
  /** Default `info`. */
  readonly level?: LogLevel | 'silent'
  /** Default `json`; choose `human` for a terminal. */
  readonly format?: 'json' | 'human'
  /** Colors in human format; default false (and honor NO_COLOR where it is read). */
  readonly color?: boolean
  /** Runs `flush` soon after the first buffered line; default: at the end of the current turn. */
  readonly schedule?: (flush: () => void) => void
}

const BUFFER_CHARS_MAX = 65_536

/**
 * Creates a {@link Logger}. A line never holds a line feed, is at most about 16 KiB, and shows no
 * secret: fields with sensitive names and credential-like texts are masked. Errors and full buffers
 * are handed over at once, other lines at the end of the turn.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { clock, sink, level = 'info', schedule = queueMicrotask } = options
  const encode =
    options.format === 'human' ? createHumanEncoder(options.color ?? false) : createLineEncoder()
  const threshold = level === 'silent' ? LOG_LEVELS.length : LOG_LEVELS.indexOf(level)
  let buffer = ''
  let scheduled = false

  const flush = (): void => {
    scheduled = false
    if (buffer === '') return
    const text = buffer
    buffer = ''
    sink.write(text)
  }

  const write = (at: LogLevel, bound: string, message: string, fields?: LogFields): void => {
    buffer += encode(clock.nowMs(), at, message, bound, fields)
    if (at === 'error' || buffer.length > BUFFER_CHARS_MAX) flush()
    else if (!scheduled) {
      scheduled = true
      schedule(flush)
    }
  }

  const make = (bound: string): Logger => {
    const at = (name: LogLevel): Logger['info'] =>
      LOG_LEVELS.indexOf(name) >= threshold
        ? (message, fields) => write(name, bound, message, fields)
        : () => undefined
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      enabled: (name) => LOG_LEVELS.indexOf(name) >= threshold,
      child: (fields) => make(bound + encode.fields(fields)),
      flush,
    }
  }
  return make('')
}
