import { describeCounters } from '../contract/counters.ts'
import { createMemoryCounters } from './in-process.ts'

describeCounters('memory', async () => {
  const counters = createMemoryCounters()
  return { counters, end: async () => counters.close() }
})
