/** Severity, from least to most. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Facts that go with the message: values of any kind. Errors show name and message, deep values are cut off. */
export type LogFields = Readonly<Record<string, unknown>>
