import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { source as axeSource } from 'axe-core'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { renderHtml } from './index.ts'
import { experimentRecord, labRecord } from './record.fixture.ts'

const EXECUTABLE = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path))
if (EXECUTABLE === undefined) console.log('skipped: no Chromium here to look at the report with')

/** A window on a desk, and a telephone at night. */
const VIEWS = [
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 390, height: 800, colorScheme: 'dark' },
] as const

/** Texts that stand partly outside of their drawing, where nobody sees them. */
const CUT_OFF = `[...document.querySelectorAll('svg text')].filter((text) => {
  const inner = text.getBoundingClientRect(), outer = text.ownerSVGElement.getBoundingClientRect()
  return inner.width > 0 && (inner.left < outer.left - 1 || inner.right > outer.right + 1)
}).map((text) => text.textContent)`

describe.skipIf(EXECUTABLE === undefined)('the report in a browser', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-report-'))
    await writeFile(join(folder, 'report.html'), renderHtml(labRecord()))
    browser = await chromium.launch({
      executablePath: EXECUTABLE!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  for (const { width, height, colorScheme } of VIEWS) {
    test(`${width} wide: fits, asks for nothing, and can be read by everybody`, async () => {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme })
      const asked: string[] = []
      const errors: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      page.on('pageerror', (error) => errors.push(error.message))
      await page.goto(`file://${join(folder, 'report.html')}`)

      expect(asked).toHaveLength(1)
      expect(errors).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      expect(await page.locator('svg[role=img]').count()).toBe(12)
      expect(await page.evaluate(CUT_OFF)).toEqual([])
      expect(await page.evaluate('globalThis.alerted')).toBeUndefined()

      await page.evaluate(axeSource)
      const found: unknown = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))',
      )
      expect(found).toEqual([])
      await page.close()
    }, 60_000)
  }

  test('texts without a space to break at, such as a long address, do not make it wider', async () => {
    const long = `http://127.0.0.1:8080/${'path/'.repeat(60)}`
    const experiment = experimentRecord({ title: long, command: long })
    const { judgement, figures } = experiment.outcome
    const reason = 'r'.repeat(200)
    const outcome = {
      ...experiment.outcome,
      judgement: { ...judgement, reason },
      figures: [{ ...figures[0]!, label: long }],
      notes: [long],
    }
    const record = labRecord({
      title: long,
      target: long,
      command: long,
      judgement: { verdict: 'fail', reason },
      experiments: [{ ...experiment, outcome }],
    })
    await writeFile(join(folder, 'long.html'), renderHtml(record))
    const page = await browser.newPage({ viewport: { width: 320, height: 800 } })
    await page.goto(`file://${join(folder, 'long.html')}`)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await page.close()
  }, 60_000)

  test('the links of the contents lead somewhere', async () => {
    const page = await browser.newPage()
    await page.goto(`file://${join(folder, 'report.html')}`)
    const dead = await page.evaluate(
      `[...document.querySelectorAll('a[href^="#"]')].map((link) => link.hash).filter((hash) => document.getElementById(hash.slice(1)) === null)`,
    )
    expect(dead).toEqual([])
    await page.close()
  }, 60_000)
})
