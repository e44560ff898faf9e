import { measureCold, measureInFlight, measureStale } from './flight.ts'
import { measureHits } from './hits.ts'
import { measureMemory } from './memory.ts'
import type { Options } from './options.ts'
import { readOptions } from './options.ts'
import { runRaces } from './race.ts'
import { startRedis } from './redis.ts'
import type { RedisServer } from './redis.ts'
import type { Report } from './report.ts'
import { renderReport } from './report.ts'
import { measureSpeed, timerFloorNs } from './speed.ts'

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

async function measure(options: Options, redis: RedisServer | undefined): Promise<Report> {
  const wants = (part: Options['parts'][number]): boolean => options.parts.includes(part)
  const timerFloor = timerFloorNs()
  return {
    runtime: `Bun ${Bun.version}, ${process.platform} ${process.arch}`,
    timerFloor,
    redis: redis === undefined ? 'No `redis-server` on the PATH: not compared with Redis.' : '',
    ...(wants('race') && { race: await runRaces(options.races, redis, say) }),
    ...(wants('hits') && { hits: measureHits(options, say) }),
    ...(wants('speed') && { speed: await measureSpeed(options, redis, say) }),
    ...(wants('flight') && {
      inFlight: await measureInFlight(options, redis, say),
      cold: await measureCold(options.rounds),
      stale: await measureStale(options.isQuick ? 50 : 300),
    }),
    ...(wants('memory') && { memory: await measureMemory(options, redis, say) }),
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if ('usage' in options) {
    ;(options.isWrong ? process.stderr : process.stdout).write(options.usage)
    return options.isWrong ? 2 : 0
  }
  const redis = await startRedis()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void redis?.close().finally(() => process.exit(1)))
  }
  try {
    const report = await measure(options, redis)
    const text = options.json ? JSON.stringify(report, null, 2) : renderReport(report)
    process.stdout.write(`${text}\n`)
  } finally {
    await redis?.close()
  }
  return 0
}

process.exit(await main())
