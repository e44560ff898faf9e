/** Holds the lock of a file until it is killed. Run: `bun holder.fixture.ts <path>`. */
import { holdLock } from './lock.ts'

process.once('SIGTERM', holdLock(process.argv[2]!))
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
