import type { ManualClock } from '../../core/clock.ts'
import type { RelayClient } from '../relay/client.ts'
import { describeBus } from './bus.ts'
import { describeCounters } from './counters.ts'
import { describeLog } from './log.ts'
import { describeRecords } from './records.ts'

/** Makes two workers' views of one storage for one test, with a function that tears them down. */
export type StorageFactory = (
  clock: Pick<ManualClock, 'nowMs'>,
  options: { readonly segmentBytesMax?: number },
) => Promise<{ here: RelayClient; there: RelayClient; end: () => Promise<void> }>

const unmoved = { nowMs: () => 0 }

/** Registers every contract for a storage with all parts. */
export function describeStorage(adapter: string, create: StorageFactory): void {
  describeRecords(adapter, async (clock) => {
    const { here, end } = await create(clock, {})
    return { records: here.records, end }
  })
  describeCounters(adapter, async () => {
    const { here, end } = await create(unmoved, {})
    return { counters: here.counters, end }
  })
  describeLog(adapter, async (options) => {
    const { here, end } = await create(unmoved, options)
    return { log: here.log, end }
  })
  describeBus(adapter, async () => {
    const { here, there, end } = await create(unmoved, {})
    return { here: here.bus, there: there.bus, end }
  })
}
