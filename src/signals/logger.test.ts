import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { LoggerOptions } from './logger.ts'
import { createManualClock } from '../core/clock.ts'
import { createLogger } from './logger.ts'

function capture(options: Partial<LoggerOptions> = {}) {
  const written: string[] = []
  const logger = createLogger({
    clock: createManualClock(),
    sink: { write: (text) => void written.push(text) },
    schedule: () => undefined,
    ...options,
  })
  return {
    logger,
    written,
    text: () => {
      logger.flush()
      return written.join('')
    },
  }
}

const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

describe('log lines', () => {
  test('are one JSON object each: time, level, message, fields', () => {
    const { logger, text } = capture()
    logger.info('started', {
      port: 8080,
      tls: false,
      host: 'a.example',
      nothing: null,
      left: undefined,
    })
    expect(text()).toBe(
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","msg":"started","port":8080,"tls":false,"host":"a.example","nothing":null}\n',
    )
  })

  test('are never more than one line and always JSON, whatever is logged', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.anything({ withBigInt: true, withDate: true }),
    )
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string({ unit: 'binary' }), anything),
        (message, fields) => {
          for (const format of ['json', 'human'] as const) {
            const { logger, text } = capture({ format })
            logger.warn(message, fields)
            const line = text()
            expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
            expect(line.endsWith('\n')).toBe(true)
            if (format === 'json') expect(parse(line)['level']).toBe('warn')
          }
        },
      ),
    )
  })

  test('show no secret: not by name, not by look, not deep within', () => {
    for (const format of ['json', 'human'] as const) {
      const { logger, text } = capture({ format })
      logger.error('got Bearer abcdefghijklmnop', {
        password: 'hunter2',
        'x-api-key': 'hunter2',
        header: 'Bearer hunter2hunter2',
        deep: { list: [{ clientSecret: 'hunter2' }, 'Basic aHVudGVyMjpodW50ZXIy'] },
        error: new Error('refused tg_live_abc_hunter2hunter2hunter2'),
      })
      expect(text()).not.toContain('hunter2')
      expect(text()).not.toContain('abcdefghijklmnop')
      expect(text()).not.toContain('aHVudGVyMjpodW50ZXIy')
    }
  })

  test('cannot be made to forge time, level or message', () => {
    const { logger, text } = capture()
    logger.child({ msg: 'bound' }).info('true', { level: 'error', time: 'never' })
    expect(parse(text())).toMatchObject({ level: 'info', msg: 'true', 'field.level': 'error' })
  })

  test('are bounded in length, depth and number of fields', () => {
    const { logger, text } = capture()
    let deep: unknown = 'end'
    for (let at = 0; at < 100; at++) deep = { deep }
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, at]))
    logger.info('x'.repeat(100_000), {
      deep,
      ...many,
      list: Array.from({ length: 1000 }, () => 'y'),
    })
    expect(text().length).toBeLessThan(6000)
    expect(parse(text())['deep']).toEqual({ deep: { deep: { deep: { deep: '[deep]' } } } })
  })

  test('survive values that refer to themselves, and errors with causes', () => {
    const { logger, text } = capture()
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'EIO' }) })
    logger.info('loop', { loop, error, bytes: new Uint8Array(7), big: 7n, not: Number.NaN })
    expect(parse(text())).toMatchObject({
      error: { message: 'outer', cause: { message: 'inner', code: 'EIO' } },
      bytes: '[7 bytes]',
      big: '7',
      not: 'NaN',
    })
  })

  test('below the level are not written, and enabled tells', () => {
    const { logger, text } = capture({ level: 'warn' })
    logger.debug('a')
    logger.info('b')
    logger.child({ x: 1 }).warn('c')
    expect(text().split('\n')).toHaveLength(2)
    expect([logger.enabled('info'), logger.enabled('error')]).toEqual([false, true])
    expect(capture({ level: 'silent' }).logger.enabled('error')).toBe(false)
  })

  test('of a child carry its fields, and those of its parents', () => {
    const { logger, text } = capture()
    logger.child({ worker: 1 }).child({ requestId: 'r' }).info('x', { more: true })
    expect(parse(text())).toMatchObject({ worker: 1, requestId: 'r', more: true })
  })

  test('are handed over together; errors at once; flush hands over the rest', () => {
    const { logger, written } = capture()
    logger.info('a')
    logger.info('b')
    expect(written).toHaveLength(0)
    logger.error('c')
    expect(written).toHaveLength(1)
    expect(written[0]?.split('\n')).toHaveLength(4)
    logger.info('d')
    logger.flush()
    logger.flush()
    expect(written).toHaveLength(2)
  })

  test('reach the sink at the end of the turn without a call to flush', async () => {
    const written: string[] = []
    const sink = { write: (text: string) => void written.push(text) }
    createLogger({ clock: createManualClock(), sink }).info('a')
    await Promise.resolve()
    expect(written).toHaveLength(1)
  })

  test('for people show time of day, level, message and fields', () => {
    const { logger, text } = capture({ format: 'human' })
    logger.child({ worker: 2 }).warn('slow disk', { path: '/var/lib', note: 'two words' })
    expect(text()).toBe('00:00:00.000 warn  slow disk  worker=2 path=/var/lib note="two words"\n')
    const colored = capture({ format: 'human', color: true })
    colored.logger.info('x')
    expect(colored.text()).toContain('\u001b[36m')
  })
})
