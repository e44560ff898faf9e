import type { ClaimRecord, LabRecord } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { badge } from './badge.ts'
import { anchorOf } from './experiment.ts'

const GROUPS = [
  { group: 'claim', id: 'claims', title: 'Claims' },
  { group: 'checklist', id: 'checklist', title: 'Production checklist' },
] as const

function evidence(record: LabRecord, claim: ClaimRecord): Markup[] {
  return claim.evidence.map((item) => {
    const experiment = typeof item === 'number' ? record.experiments[item] : undefined
    return experiment === undefined || typeof item !== 'number'
      ? markup`<div>${item}</div>`
      : markup`<div><a href="#${anchorOf(experiment, item)}">${experiment.title}</a></div>`
  })
}

/** The claims and the checklist, each with its budget, what was measured, and where the evidence is. */
export function renderClaims(record: LabRecord): Markup[] {
  return GROUPS.flatMap(({ group, id, title }) => {
    const claims = record.claims.filter((claim) => claim.group === group)
    if (claims.length === 0) return []
    const rows = claims.map(
      (claim) =>
        markup`<tr id="claim-${claim.id}"><td>${badge(claim.status)}</td><td>${claim.text}<div class="soft">${claim.reason}</div></td><td data-label="budget">${claim.budget}</td><td data-label="measured">${claim.measured}</td><td data-label="evidence">${evidence(record, claim)}</td></tr>`,
    )
    return [
      markup`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><div class="scroll" tabindex="0" role="group" aria-label="${title}: table"><table class="claims"><thead><tr><th scope="col">status</th><th scope="col">claim</th><th scope="col">budget</th><th scope="col">measured</th><th scope="col">evidence</th></tr></thead><tbody>${rows}</tbody></table></div></section>`,
    ]
  })
}
