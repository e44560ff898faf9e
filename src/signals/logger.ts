import type { Clock } from '../core/clock.ts'
import type { LogFields, LogLevel } from './log-level.ts'
import { createHumanEncoder } from './log-human.ts'
import { LOG_LEVELS } from './log-level.ts'
import { createLineEncoder } from './log-line.ts'

/** Where lines go: it receives one or more whole lines, each with its line feed. */
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
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger
  /** Passes buffered lines to the sink. Call it before the process exits. */
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
  /** Whether the human format uses colors; default false. Honoring NO_COLOR is up to the caller. */
  readonly color?: boolean
  /** Runs `flush` soon after the first buffered line; default: at the end of the current turn. */
  readonly schedule?: (flush: () => void) => void
}

const BUFFER_CHARS_MAX = 65_536

/**
 * Creates a {@link Logger}. A line contains no line feed but its last, is at most about 16 KiB long, and shows no
 * secret: fields with sensitive names and texts that look like credentials are masked. Errors and full buffers
 * are passed on at once, other lines at the end of the turn of the event loop.
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
