import { z } from 'zod'
import type { Value } from '../../rego/index.ts'
import { BundleError } from '../bundle/bundle-error.ts'
import type { Document } from '../bundle/documents.ts'
import { isDocument, parseDocument } from '../bundle/documents.ts'
import { parseManifest } from '../bundle/manifest.ts'
import type { Verification } from '../bundle/signature.ts'
import { verifyFiles } from '../bundle/signature.ts'
import type { BundleLimits, PolicySources, SourceFile } from '../bundle/sources.ts'
import { sourcesOfBundle, unpack } from '../bundle/sources.ts'
import { edited, valueAt } from '../store/edit.ts'

/** How bundles from a server are read. */
export interface BundleReading {
  readonly limits: BundleLimits
  readonly verification: Verification | undefined
}

/** The file that makes a bundle a delta. */
const PATCH_FILE = 'patch.json'

const patchShape = z.object({
  data: z.array(
    z.object({
      op: z.enum(['upsert', 'replace', 'remove']),
      path: z.string().regex(/^\/.+/),
      value: z.unknown().optional(),
    }),
  ),
})

/** An archive read as a whole bundle, or as changes to the previous one. */
export type Reading =
  | { readonly kind: 'snapshot'; readonly sources: PolicySources }
  | { readonly kind: 'delta'; readonly sources: PolicySources }

/**
 * Reads what a server sent: a bundle, or changes to the data of the previous bundle.
 *
 * @throws BundleError when it is neither, or changes something that does not exist.
 */
export function readAnswer(
  archive: Uint8Array,
  before: PolicySources | undefined,
  { limits, verification }: BundleReading,
): Reading {
  const files = unpack(archive, limits)
  const patch = files.find(({ path }) => path === PATCH_FILE)
  if (patch === undefined) {
    return { kind: 'snapshot', sources: sourcesOfBundle(files, verification) }
  }
  if (before === undefined)
    throw new BundleError('the server sent changes, but there is no bundle to change')
  if (verification !== undefined) verifyFiles(files, verification)
  return { kind: 'delta', sources: changed(before, patch, files) }
}

function changed(
  before: PolicySources,
  patch: SourceFile,
  files: readonly SourceFile[],
): PolicySources {
  if (files.some(({ path }) => path.endsWith('.rego'))) {
    throw new BundleError('the changes contain a policy, but only data can be changed')
  }
  const value = parseDocument(PATCH_FILE, new TextDecoder().decode(patch.bytes))
  const parsed = patchShape.safeParse(value)
  if (!parsed.success) throw new BundleError(`${PATCH_FILE} is not well-formed`)
  let data: Document = before.data
  for (const operation of parsed.data.data) {
    const { op, path } = operation
    const steps = path.slice(1).split('/').map(unescapePointer)
    const exists = valueAt(data, steps) !== undefined
    if (op !== 'upsert' && !exists)
      throw new BundleError(`${path} cannot be changed: it does not exist`)
    if (op !== 'remove' && operation.value === undefined) {
      throw new BundleError(`a change of ${path} has no value`)
    }
    const next = edited(data, steps, op === 'remove' ? 'remove' : 'put', operation.value as Value)
    if (!isDocument(next)) throw new BundleError(`${path} cannot be changed`)
    data = next
  }
  const manifest = files.find(({ path }) => path === '.manifest')
  const { revision } = parseManifest(
    manifest === undefined ? '{}' : new TextDecoder().decode(manifest.bytes),
  )
  return { ...before, data, revision: revision === '' ? before.revision : revision }
}

const unescapePointer = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~')
