/**
 * Sends forty slow requests at once to a gate that may have eight under way to its upstream, and counts the
 * answers that arrive in the time that one takes.
 */
import { withSecondGate } from './second-gate.ts'

const IN_FLIGHT_MAX = 8
const ASKED = 40

await withSecondGate('', async ({ url, start }) => {
  await start()
  const ask = async () => {
    const startMs = performance.now()
    const response = await fetch(`${url}/narrow/delay`)
    await response.arrayBuffer()
    return { status: response.status, ms: performance.now() - startMs }
  }
  const alone = await ask()
  const answers = await Promise.all(Array.from({ length: ASKED }, ask))
  const served = answers.filter(({ status }) => status === 200)
  const first = served.filter(({ ms }) => ms < 1.8 * alone.ms)
  const others = answers.filter(({ status }) => status !== 200 && status !== 503)
  const said = `${ASKED} asked at once: ${first.length} answered in the time of one, ${served.length - first.length} later, ${ASKED - served.length} turned away with 503`
  if (others.length > 0) throw new Error(`${said}; ${others[0]?.status} was answered as well`)
  if (first.length !== IN_FLIGHT_MAX) throw new Error(`${said}; ${IN_FLIGHT_MAX} were expected`)
  return said
})
