import { join } from 'node:path'
import { makeFolder } from '../contract/folder.ts'
import { describeRecords } from '../contract/records.ts'
import { COLLECTIONS } from '../contract/things.ts'
import { openSqlite } from '../open-sqlite.ts'

describeRecords('sqlite', async (clock) => {
  const folder = makeFolder()
  const path = join(folder.path, 'records.db')
  const records = await openSqlite({ path, collections: COLLECTIONS, clock })
  return {
    records,
    end: async () => {
      await records.close()
      folder.remove()
    },
  }
})
