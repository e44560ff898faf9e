/** Severity, from least to most. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Facts beside the message. Values of any kind; errors give name and message, deep values are cut. */
export type LogFields = Readonly<Record<string, unknown>>
