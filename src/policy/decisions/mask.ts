import { z } from 'zod'
import type { Value } from '../../rego/index.ts'
import { parseJson, stringifyJson } from '../../rego/index.ts'
import type { Document } from '../bundle/documents.ts'
import { isDocument } from '../bundle/documents.ts'
import { edited, valueAt } from '../store/edit.ts'
import type { MaskRules } from './mask-rules.ts'
import { messageOf } from '../../core/error-message.ts'

/** A decision in the form in which it is logged. */
export type DecisionEvent = Document

const pointer = z.string().regex(/^\/(input|result)(\/|$)/)
const rule = z.union([
  pointer.transform((path) => ({ op: 'remove' as const, path, value: undefined })),
  z.object({
    op: z.enum(['remove', 'upsert']).default('remove'),
    path: pointer,
    value: z.unknown().optional(),
  }),
])
const rules = z.array(rule)
type Rule = z.output<typeof rule>

/** The decision without what must not be logged; `undefined` if it must not be logged at all. */
export function masked(
  event: DecisionEvent,
  pointers: readonly string[],
  { mask, drop }: MaskRules,
): DecisionEvent | undefined {
  try {
    if (drop?.(event) === true) return undefined
    const fixed = pointers.map((path): Rule => ({ op: 'remove', path, value: undefined }))
    const own = mask === undefined ? [] : rulesOf(mask(event))
    return applied(event, [...fixed, ...own])
  } catch (error) {
    // It is not known what must be masked, so neither input nor result is logged.
    const { input: _input, result: _result, ...rest } = event
    const message = `masking failed: ${messageOf(error)}`
    return { ...rest, error: { message } }
  }
}

/** `undefined` is an empty set of rules; anything else that is not rules is an error, which hides everything. */
function rulesOf(value: Value | undefined): readonly Rule[] {
  if (value === undefined) return []
  return rules.parse(JSON.parse(stringifyJson(value)))
}

function applied(event: DecisionEvent, all: readonly Rule[]): DecisionEvent {
  let current = event
  const erased: string[] = []
  const replaced: string[] = []
  for (const { op, path, value } of all) {
    const steps = path.slice(1).split('/').map(unescapePointer)
    const exists = valueAt(current, steps) !== undefined
    const mayAdd = op === 'upsert' && isDocument(valueAt(current, steps.slice(0, -1)))
    if (!exists && !mayAdd) continue
    const given = op === 'upsert' ? parseJson(JSON.stringify(value ?? null)) : null
    const next = edited(current, steps, op === 'remove' ? 'remove' : 'put', given)
    if (!isDocument(next)) continue
    current = next
    ;(op === 'remove' ? erased : replaced).push(path)
  }
  return {
    ...current,
    ...(erased.length > 0 && { erased }),
    ...(replaced.length > 0 && { masked: replaced }),
  }
}

const unescapePointer = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~')
