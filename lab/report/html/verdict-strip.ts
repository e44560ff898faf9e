import type { Figure, LabRecord } from '../../core/index.ts'
import { formatInterval, formatValue } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { badge } from './badge.ts'

const HEADLINES = 5

/** The first figures that have a value, taken from the experiments in turn, so that each is represented. */
function headlines(record: LabRecord): { readonly title: string; readonly figure: Figure }[] {
  const found: { title: string; figure: Figure }[] = []
  const queues = record.experiments.map(({ title, outcome }) => ({
    title,
    figures: outcome.figures.filter(({ value }) => value !== null),
  }))
  const depth = Math.max(0, ...queues.map(({ figures }) => figures.length))
  for (let at = 0; at < depth && found.length < HEADLINES; at += 1) {
    for (const { title, figures } of queues) {
      const figure = figures[at]
      if (figure !== undefined && found.length < HEADLINES) found.push({ title, figure })
    }
  }
  return found
}

/** The verdict, why, and the numbers that matter most. */
export function renderVerdictStrip(record: LabRecord): Markup {
  const cards = headlines(record).map(
    ({ title, figure }) =>
      markup`<div class="card"><dt>${title}: ${figure.label}</dt><dd class="value">${formatValue(figure)}</dd><dd class="more">${
        figure.interval !== undefined &&
        figure.value !== null &&
        formatInterval(figure.interval, figure.unit)
      }</dd></div>`,
  )
  return markup`<section aria-label="Verdict"><p>${badge(record.judgement.verdict)} ${record.judgement.reason}</p><dl class="strip">${cards}</dl></section>`
}
