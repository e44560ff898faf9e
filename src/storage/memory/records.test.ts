import { describeRecords } from '../contract/records.ts'
import { COLLECTIONS } from '../contract/things.ts'
import { createMemoryRecords } from './records.ts'

describeRecords('memory', async (clock) => {
  const records = createMemoryRecords({ collections: COLLECTIONS, clock })
  return { records, end: async () => records.close() }
})
