/** What went wrong, in words: an error's message, or the text of whatever else was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
