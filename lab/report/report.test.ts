import { formatInterval, formatValue } from '../core/index.ts'
import { describe, expect, test } from 'bun:test'
import { escapeMarkup } from './markup.ts'
import { HTML_BYTES_MAX, renderCsv, renderHtml, renderJunit, renderMarkdown } from './index.ts'
import { HOSTILE, experimentRecord, labRecord } from './record.fixture.ts'

const record = labRecord()
const figures = record.experiments.flatMap(({ outcome }) => outcome.figures)

/** A reader of RFC 4180, to see what a spreadsheet sees. */
function parseCsv(text: string): string[][] {
  return text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    )
}

describe('every form says what the record says', () => {
  test('HTML and Markdown show each figure, interval and verdict', () => {
    const page = renderHtml(record)
    const markdown = renderMarkdown(record)
    for (const figure of figures) {
      expect(page).toContain(escapeMarkup(formatValue(figure)))
      expect(markdown).toContain(formatValue(figure))
      if (figure.interval !== undefined) {
        expect(page).toContain(formatInterval(figure.interval, figure.unit))
        expect(markdown).toContain(formatInterval(figure.interval, figure.unit))
      }
    }
    for (const { status } of record.claims) {
      expect(page).toContain(`${status.toUpperCase()}</span>`)
      expect(markdown).toContain(`| ${status.toUpperCase()} |`)
    }
  })

  test('CSV carries each figure at full precision', () => {
    const [head, ...rows] = parseCsv(renderCsv(record))
    expect(rows).toHaveLength(figures.length)
    const column = (name: string) => head!.indexOf(name)
    rows.forEach((row, at) => {
      const figure = figures[at]!
      expect(row[column('figure')]).toBe(figure.name)
      expect(row[column('value')]).toBe(figure.value === null ? '' : String(figure.value))
      expect(row[column('low')]).toBe(String(figure.interval?.low ?? ''))
    })
  })

  test('JUnit counts as the record does, and neither an open question nor silence passes', () => {
    const xml = renderJunit(record)
    expect(xml).toContain('<testsuite name="claims" tests="3" failures="1" errors="1" skipped="0"')
    expect(xml).toContain(
      '<testsuite name="checklist" tests="1" failures="0" errors="0" skipped="1"',
    )
    expect(xml).toContain('<testsuite name="experiments" tests="2" failures="0" errors="2"')
  })
})

describe('hostile text', () => {
  test('stays text in HTML and XML', () => {
    for (const text of [renderHtml(record), renderJunit(record)]) {
      expect(text).not.toContain('<img')
      expect(text).not.toMatch(/<\/script>(?!<\/body>)/)
    }
  })

  test('does not break a table of Markdown', () => {
    const widths = renderMarkdown(record)
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.replace(/\\\|/g, '').split('|').length)
    expect(widths.length).toBeGreaterThan(10)
    expect(renderMarkdown(record)).not.toContain('<img')
    for (const width of widths) expect([4, 6, 7]).toContain(width)
  })

  test('has nothing in it that a terminal obeys', () => {
    const orders = '\u001B]0;title\u0007\u009B2J'
    const command = `tollgate lab load --body '${orders}'`
    const experiment = experimentRecord({ title: orders, command })
    const text = renderMarkdown(labRecord({ title: orders, experiments: [experiment] }))
    expect(text).toContain(']0;title')
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u)
  })

  test('is no formula in a spreadsheet', () => {
    const experiment = experimentRecord()
    const figure = { ...experiment.outcome.figures[0]!, label: HOSTILE }
    const outcome = { ...experiment.outcome, figures: [figure] }
    const rows = parseCsv(renderCsv(labRecord({ experiments: [{ ...experiment, outcome }] })))
    expect(rows[1]?.[3]?.startsWith(`'=1+1`)).toBe(true)
  })
})

describe('the HTML report', () => {
  test('needs no network and no script, and names its charts for those who do not see them', () => {
    const page = renderHtml(record)
    expect(page).not.toMatch(/(?:src|href)="(?!#)/)
    expect(page).not.toMatch(/url\(|@import|<script(?! type="application\/json")/)
    const drawings = page.match(/<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"/g) ?? []
    expect(drawings).toHaveLength(12)
    for (const drawing of drawings) {
      const [, title, description] = /aria-labelledby="(\S+) (\S+)"/.exec(drawing)!
      expect(page).toContain(`<title id="${title}">`)
      expect(page).toContain(`<desc id="${description}">`)
    }
  })

  test('embeds the record it was made from', () => {
    const page = renderHtml(record)
    const json = /<script type="application\/json" id="record">(.*?)<\/script>/s.exec(page)?.[1]
    expect(JSON.parse(json ?? '')).toEqual(record)
  })

  test('leaves the record out rather than grow past its bound', () => {
    const raw = { samples: 'x'.repeat(HTML_BYTES_MAX) }
    const page = renderHtml(labRecord({ experiments: [experimentRecord({ raw })] }))
    expect(Buffer.byteLength(page)).toBeLessThan(HTML_BYTES_MAX)
    expect(page).not.toContain('id="record"')
  })
})
