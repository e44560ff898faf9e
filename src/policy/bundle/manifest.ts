import { z } from 'zod'
import { stringifyJson } from '../../rego/index.ts'
import { BundleError } from './bundle-error.ts'
import type { Document } from './documents.ts'
import { isDocument, parseDocument } from './documents.ts'

/** What a bundle says about itself: OPA's `.manifest`. Unknown members are left alone. */
const manifestShape = z.object({
  revision: z.string().default(''),
  /** Parts of `data` that the bundle owns, such as `app/authz`; the empty one is everything. */
  roots: z.array(z.string()).default(['']),
  rego_version: z.union([z.literal(0), z.literal(1)]).default(1),
})

/** A bundle's manifest, with defaults filled in. */
export type Manifest = z.output<typeof manifestShape>

/** The manifest of a bundle that has none. */
export const DEFAULT_MANIFEST: Manifest = manifestShape.parse({})

/** Parses a `.manifest`; throws a BundleError that says what is wrong. */
export function parseManifest(text: string): Manifest {
  const parsed = manifestShape.safeParse(
    JSON.parse(stringifyJson(parseDocument('.manifest.json', text))),
  )
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new BundleError(`.manifest: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`)
}

const stepsOf = (root: string): readonly string[] => root.split('/').filter((step) => step !== '')

/** Refuses bundles if two of them own the same part of `data`, because neither could then be replaced alone. */
export function checkOverlap(bundles: readonly (readonly string[])[]): void {
  const owned = bundles.flatMap((roots, bundle) => roots.map((root) => ({ bundle, root })))
  for (const [index, one] of owned.entries()) {
    const other = owned
      .slice(index + 1)
      .find(({ bundle, root }) => bundle !== one.bundle && reaches(one.root, root))
    if (other === undefined) continue
    throw new BundleError(`two bundles own the same data: "${one.root}" and "${other.root}"`)
  }
}

/** Whether either path lies within the other. */
function reaches(one: string, other: string): boolean {
  const [a, b] = [stepsOf(one), stepsOf(other)]
  return a.slice(0, b.length).every((step, index) => step === b[index])
}

/**
 * Refuses modules and data outside the roots of a bundle.
 *
 * @param packages the path of each module's package, by file
 */
export function checkRoots(
  { roots }: Manifest,
  packages: ReadonlyMap<string, string>,
  data: Document,
): void {
  const owned = roots.map(stepsOf)
  const isOwned = (path: readonly string[]): boolean =>
    owned.some((root) => root.every((step, index) => path[index] === step))
  for (const [file, path] of packages) {
    if (!isOwned(path.split('/'))) {
      throw new BundleError(`${file}: package ${path} is outside the roots of the bundle`)
    }
  }
  const visit = (value: Document, path: readonly string[]): void => {
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, key]
      if (isOwned(at)) continue
      const leads = owned.some((root) => at.every((step, index) => root[index] === step))
      if (!leads || !isDocument(item)) {
        throw new BundleError(`data.${at.join('.')} is outside the roots of the bundle`)
      }
      visit(item, at)
    }
  }
  visit(data, [])
}
