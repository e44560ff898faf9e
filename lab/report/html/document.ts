import type { LabRecord } from '../../core/index.ts'
import { Markup, markup } from '../markup.ts'
import { renderClaims } from './claims.ts'
import { anchorOf, renderExperiment } from './experiment.ts'
import { STYLE } from './style.ts'
import { renderTrust } from './trust.ts'
import { renderVerdictStrip } from './verdict-strip.ts'

/** Size below which a report can be mailed and opened anywhere. */
export const HTML_BYTES_MAX = 1_500_000

/** JSON that is safe in a script element: nothing in it can end the element. */
function embed(record: LabRecord): Markup {
  return new Markup(JSON.stringify(record).replace(/</g, String.raw`\u003c`))
}

function navigation(record: LabRecord): Markup {
  const groups = new Set(record.claims.map(({ group }) => group))
  const links = [
    ...(groups.has('claim') ? [{ id: 'claims', text: 'Claims' }] : []),
    ...(groups.has('checklist') ? [{ id: 'checklist', text: 'Checklist' }] : []),
    { id: 'trust', text: 'Trust' },
    ...record.experiments.map((experiment, index) => ({
      id: anchorOf(experiment, index),
      text: experiment.title,
    })),
    { id: 'repeat', text: 'Repeat it' },
  ]
  return markup`<nav aria-label="Contents"><ul>${links.map(({ id, text }) => markup`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>`
}

function page(record: LabRecord, raw: Markup): string {
  const { text } =
    markup`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="generator" content="tollgate lab"><title>${record.title}: ${record.judgement.verdict.toUpperCase()}</title><style>${new Markup(STYLE)}</style></head><body><header><h1>${record.title}</h1><p class="soft">${record.target !== '' && `${record.target} · `}${record.startedAt.slice(0, 16).replace('T', ' ')} UTC · seed ${record.seed}</p>${renderVerdictStrip(record)}</header>${navigation(record)}<main>${renderClaims(record)}${renderTrust(record)}${record.experiments.map(renderExperiment)}<section aria-labelledby="repeat"><h2 id="repeat">Repeat it</h2><pre><code>${record.command}</code></pre><p>To compute every figure again from what was recorded: <code>tollgate lab replay RECORD.json</code></p></section></main><footer><p>Made by tollgate lab from one JSON record, from which the Markdown, JUnit and CSV forms come as well.</p></footer>${raw}</body></html>`
  return `${text}\n`
}

/**
 * The report as one file that needs no network. The record itself is embedded if the file stays below
 * `HTML_BYTES_MAX`.
 */
export function renderHtml(record: LabRecord): string {
  const embedded = page(
    record,
    markup`<script type="application/json" id="record">${embed(record)}</script>`,
  )
  if (Buffer.byteLength(embedded) <= HTML_BYTES_MAX) return embedded
  return page(record, markup`<!-- The record is too large to be embedded here. -->`)
}
