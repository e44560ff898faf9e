import type { ClaimRecord, LabRecord } from '../core/index.ts'
import { formatValue } from '../core/index.ts'
import type { Markup } from './markup.ts'
import { markup } from './markup.ts'

interface Case {
  readonly suite: string
  readonly name: string
  readonly status: ClaimRecord['status']
  readonly reason: string
  readonly seconds: number
  readonly output: string
}

/**
 * A failed claim is a failure; an inconclusive one is an error, so that it does not pass either; a claim
 * without evidence is skipped.
 */
const ELEMENTS: Readonly<Record<ClaimRecord['status'], string | undefined>> = {
  pass: undefined,
  fail: 'failure',
  inconclusive: 'error',
  unknown: 'skipped',
}

function casesOf(record: LabRecord): Case[] {
  const experiments = record.experiments.map((experiment) => ({
    suite: 'experiments',
    name: experiment.title,
    status: experiment.outcome.judgement.verdict,
    reason: experiment.outcome.judgement.reason,
    seconds: experiment.durationMs / 1000,
    output: experiment.outcome.figures
      .map((figure) => `${figure.name}: ${formatValue(figure)}`)
      .join('\n'),
  }))
  const claims = record.claims.map((claim) => ({
    suite: claim.group === 'claim' ? 'claims' : 'checklist',
    name: claim.text,
    status: claim.status,
    reason: claim.reason,
    seconds: 0,
    output: `budget: ${claim.budget}\nmeasured: ${claim.measured}`,
  }))
  return [...experiments, ...claims]
}

function renderCase({ suite, name, status, reason, seconds, output }: Case): Markup {
  const element = ELEMENTS[status]
  const outcome =
    element !== undefined &&
    markup`<${element} message="${reason}"${element !== 'skipped' && markup` type="${status}"`}/>`
  return markup`<testcase classname="tollgate.lab.${suite}" name="${name}" time="${seconds.toFixed(3)}">${outcome}<system-out>${output}</system-out></testcase>`
}

/** The report as JUnit XML, the form that continuous integration reads. */
export function renderJunit(record: LabRecord): string {
  const cases = casesOf(record)
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)].map(([suite, members]) => {
    const count = (status: Case['status']) => members.filter((it) => it.status === status).length
    const seconds = members.reduce((sum, it) => sum + it.seconds, 0)
    return markup`<testsuite name="${suite}" tests="${members.length}" failures="${count('fail')}" errors="${count('inconclusive')}" skipped="${count('unknown')}" time="${seconds.toFixed(3)}" timestamp="${record.startedAt.slice(0, 19)}">${members.map(renderCase)}</testsuite>`
  })
  const { text } = markup`<testsuites name="${record.title}">${suites}</testsuites>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`
}
