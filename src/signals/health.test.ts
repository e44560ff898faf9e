import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { createHealth } from './health.ts'

const never = async (): Promise<void> => new Promise(() => undefined)

describe('readiness', () => {
  test('is there when every critical dependency answers', async () => {
    const health = createHealth({ clock: createManualClock() })
    health.register({ name: 'storage', run: async () => undefined })
    health.register({ name: 'sync', run: () => 1 })
    expect(await health.ready()).toMatchObject({ ready: true, status: 200, draining: false })
  })

  test('is lost when a critical one fails, says which, and keeps the reason inside', async () => {
    const health = createHealth({ clock: createManualClock() })
    health.register({
      name: 'storage',
      run: () => {
        throw new Error('disk full at /secret/path')
      },
    })
    const { ready, status, checks } = await health.ready()
    expect([ready, status]).toEqual([false, 503])
    expect(checks[0]).toMatchObject({ name: 'storage', ok: false, reason: 'failed' })
    expect(checks[0]?.internal).toContain('disk full')
  })

  test('survives the failure of one that is not critical', async () => {
    const health = createHealth({ clock: createManualClock() })
    health.register({
      name: 'upstream',
      critical: false,
      run: async () => Promise.reject(new Error('x')),
    })
    expect(await health.ready()).toMatchObject({ ready: true, checks: [{ ok: false }] })
  })

  test('does not wait for a dependency that hangs, and tells it to stop', async () => {
    const health = createHealth({ clock: createManualClock() })
    let stopped = false
    health.register({
      name: 'slow',
      timeoutMs: 5,
      run: async (signal) => {
        signal.addEventListener('abort', () => {
          stopped = true
        })
        return never()
      },
    })
    const { ready, checks } = await health.ready()
    expect([ready, checks[0]?.reason, stopped]).toEqual([false, 'timeout', true])
  })

  test('asks the dependencies once for all who ask at the same time, and again later', async () => {
    const clock = createManualClock()
    const health = createHealth({ clock, cacheMs: 500 })
    let asked = 0
    const remove = health.register({ name: 'storage', run: () => asked++ })
    await Promise.all([health.ready(), health.ready(), health.ready()])
    expect(asked).toBe(1)
    clock.advance(500)
    await health.ready()
    expect(asked).toBe(2)
    remove()
    expect((await health.ready()).checks).toEqual([])
  })

  test('ends at once when draining, while the process stays alive', async () => {
    const clock = createManualClock()
    const health = createHealth({ clock })
    await health.ready()
    health.drain()
    clock.advance(1234)
    expect(await health.ready()).toMatchObject({ ready: false, status: 503, draining: true })
    expect(health.live()).toEqual({ status: 'ok', uptimeMs: 1234 })
  })
})
