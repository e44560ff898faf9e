/** Resolves with the error that `run` throws or rejects with; rejects if it does neither. */
export async function thrownBy(run: () => unknown): Promise<Error> {
  try {
    await run()
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error('what was thrown is not an Error', { cause: error })
  }
  throw new Error('nothing was thrown')
}
