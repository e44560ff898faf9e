import { runWorker } from '../src/server/workers/worker.ts'

runWorker()
