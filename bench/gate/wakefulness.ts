/**
 * Keeps this process from going to sleep while it waits for answers.
 *
 * A sender on the same machine pays for waking the receiver: some 5 µs, on virtual machines more. A
 * generator that sleeps whenever it has nothing to do is woken by nearly every answer of a server that
 * is slower than itself, and hardly ever by a faster one. So a sleeping generator charges slower
 * variants twice for their slowness. One that stays awake costs all of them the same.
 *
 * @returns A function that lets it sleep again
 */
export function stayAwake(): () => void {
  let awake = true
  const turn = (): void => {
    if (awake) setImmediate(turn)
  }
  turn()
  return () => {
    awake = false
  }
}
