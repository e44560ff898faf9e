import { describe, expect, test } from 'bun:test'
import { escapeMarkup, markup } from './markup.ts'

describe('markup', () => {
  test('text is escaped wherever it stands', () => {
    const evil = `"><script>alert('x')</script>&`
    const { text } = markup`<p title="${evil}">${evil}</p>`
    expect(text).not.toContain('<script>')
    expect(text).toBe(`<p title="${escapeMarkup(evil)}">${escapeMarkup(evil)}</p>`)
  })

  test('markup and lists of it are taken as they are, nothing leaves nothing', () => {
    const items = ['a', 'b'].map((item) => markup`<li>${item}</li>`)
    expect(markup`<ul>${items}${false}${null}${undefined}${0}</ul>`.text).toBe(
      '<ul><li>a</li><li>b</li>0</ul>',
    )
  })

  test('control characters and half pairs, which XML forbids, become replacement characters', () => {
    expect(escapeMarkup('a\u0000b\uD800c')).toBe('a\uFFFDb\uFFFDc')
    expect(escapeMarkup('ok 😀\n')).toBe('ok 😀\n')
  })
})
