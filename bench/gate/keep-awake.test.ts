import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { childrenOf, isRunning } from '../../src/server/turns.fixture.ts'
import { until } from '../../src/core/until.fixture.ts'
import { keepAwake } from './keep-awake.ts'

const letHalt = keepAwake(0)
await letHalt?.()

test.skipIf(letHalt === undefined)(
  'what keeps a processor awake ends when it is told to',
  async () => {
    const before = childrenOf(process.pid)
    const end = keepAwake(0)
    const mine = childrenOf(process.pid).filter((pid) => !before.includes(pid))
    expect(mine).toHaveLength(1)
    await end?.()
    expect(mine.filter(isRunning)).toEqual([])
  },
)

test.skipIf(letHalt === undefined)('and when whoever started it is killed', async () => {
  const program = `
    const { keepAwake } = await import(${JSON.stringify(join(import.meta.dir, 'keep-awake.ts'))})
    keepAwake(0)
    console.log('awake')
    setInterval(() => {}, 1000)`
  const parent = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' })
  const reader = parent.stdout.getReader()
  await reader.read()
  const [child] = childrenOf(parent.pid)
  expect(child).toBeNumber()
  parent.kill('SIGKILL')
  await parent.exited
  await until(() => !isRunning(child!), 'its end')
})
