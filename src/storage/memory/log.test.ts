import { describeLog } from '../contract/log.ts'
import { createMemoryLog } from './log.ts'

describeLog('memory', async (options) => {
  const log = createMemoryLog(options)
  return { log, end: async () => log.close() }
})
