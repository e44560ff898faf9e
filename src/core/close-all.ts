/**
 * Closes one after the other, all of them whatever becomes of those before: what one cannot write must not keep
 * another from writing. Throws the first error at the end.
 */
export async function closeAll(closers: Iterable<() => unknown>): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
