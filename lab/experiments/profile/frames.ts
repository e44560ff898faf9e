import { z } from 'zod'
import { LabError } from '../../core/index.ts'
import type { FlameNode } from '../../core/index.ts'
import type { Frame, ProfileRaw } from './raw.ts'

/** A frame under construction. */
interface Growing {
  readonly name: string
  self: number
  readonly children: Map<string, Growing>
}

const newGrowing = (name: string): Growing => ({ name, self: 0, children: new Map() })

function childOf(parent: Growing, name: string): Growing {
  const known = parent.children.get(name)
  if (known !== undefined) return known
  const made = newGrowing(name)
  parent.children.set(name, made)
  return made
}

const frozen = ({ name, self, children }: Growing): Frame => ({
  name,
  self,
  children: [...children.values()].map(frozen),
})

const callFrame = z.object({
  functionName: z.string(),
  url: z.string(),
  lineNumber: z.number(),
})

const cpuSchema = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame, children: z.array(z.number()).optional() })),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
})

/** Names of frames that are not work of the program. */
const IDLE = new Set(['(idle)', '(program)'])

/** The last part of the path with the line: enough to find the function, without revealing where files are stored. */
function nameOf({ functionName, url, lineNumber }: z.output<typeof callFrame>): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.split(/[/\\]/).at(-1) ?? ''
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`
}

/**
 * Reads a `.cpuprofile`, as V8 and Bun write it: nodes, samples, and microseconds between them.
 *
 * @throws LabError
 */
export function parseCpuProfile(text: string): { readonly root: Frame; readonly samples: number } {
  const { nodes, samples, timeDeltas } = parsed(cpuSchema, text, 'CPU profile')
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  )
  const root = newGrowing('all')
  const places = new Map<number, Growing>()
  const placeOf = (id: number): Growing => {
    const known = places.get(id)
    if (known !== undefined) return known
    const node = byId.get(id)
    const parent = parents.get(id)
    const made =
      node === undefined || parent === undefined
        ? root
        : childOf(placeOf(parent), nameOf(node.callFrame))
    places.set(id, made)
    return made
  }
  let counted = 0
  for (const [at, id] of samples.entries()) {
    if (IDLE.has(byId.get(id)?.callFrame.functionName ?? '')) continue
    placeOf(id).self += Math.max(0, timeDeltas[at] ?? 0)
    counted += 1
  }
  return { root: frozen(root), samples: counted }
}

interface AllocationNode {
  readonly callFrame: z.output<typeof callFrame>
  readonly selfSize: number
  readonly children: readonly AllocationNode[]
}
const allocationNode: z.ZodType<AllocationNode> = z.object({
  callFrame,
  selfSize: z.number(),
  get children() {
    return z.array(allocationNode)
  },
})
const allocationSchema = z.object({ head: allocationNode })

const snapshotSchema = z.object({
  snapshot: z.object({
    meta: z.object({
      node_fields: z.array(z.string()),
      node_types: z.array(z.union([z.string(), z.array(z.string())])),
    }),
  }),
  nodes: z.array(z.number()),
  strings: z.array(z.string()),
})

/**
 * Reads a heap profile: Node's by where memory was allocated, Bun's (a snapshot) by the kind of object that is
 * held.
 *
 * @throws LabError
 */
export function parseHeapProfile(text: string): Pick<ProfileRaw, 'heap' | 'heapIs'> {
  if (/^\s*\{\s*"head"/.test(text)) {
    const root = newGrowing('all')
    const add = (node: AllocationNode, parent: Growing): void => {
      const own = childOf(parent, nameOf(node.callFrame))
      own.self += node.selfSize
      for (const child of node.children) add(child, own)
    }
    const { head } = parsed(allocationSchema, text, 'heap profile')
    for (const child of head.children) add(child, root)
    return { heap: frozen(root), heapIs: 'allocated' }
  }
  return { heap: parseSnapshot(text), heapIs: 'held' }
}

const NAMES_MAX = 60

function parseSnapshot(text: string): Frame {
  const { snapshot, nodes, strings } = parsed(snapshotSchema, text, 'heap snapshot')
  const { node_fields: fields, node_types: types } = snapshot.meta
  const at = (name: string): number => fields.indexOf(name)
  const kinds = types[at('type')]
  const root = newGrowing('all')
  for (let node = 0; node < nodes.length; node += fields.length) {
    const size = nodes[node + at('self_size')] ?? 0
    if (size === 0) continue
    const kind =
      (Array.isArray(kinds) ? kinds[nodes[node + at('type')] ?? 0] : undefined) ?? 'other'
    const name = strings[nodes[node + at('name')] ?? 0] ?? ''
    // Strings are named by their content, which may be a secret and differs for each.
    const isNamed = kind !== 'string' && /^[\w$ .<>()-]{1,60}$/.test(name)
    childOf(childOf(root, kind), isNamed ? name : `(${kind})`).self += size
  }
  return limited(frozen(root))
}

/** Keeps the largest children and merges the others into one. */
function limited({ name, self, children }: Frame): Frame {
  const sorted = children.map(limited).toSorted((a, b) => totalOf(b) - totalOf(a))
  const rest = sorted.slice(NAMES_MAX).reduce((sum, child) => sum + totalOf(child), 0)
  const kept = sorted.slice(0, NAMES_MAX)
  return {
    name,
    self,
    children: rest > 0 ? [...kept, { name: '(others)', self: rest, children: [] }] : kept,
  }
}

/** The value of a frame including everything below it. */
export const totalOf = ({ self, children }: Frame): number =>
  children.reduce((sum, child) => sum + totalOf(child), self)

function parsed<Value>(schema: z.ZodType<Value>, text: string, what: string): Value {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new LabError(`the ${what} is no JSON: it was cut short`)
  }
  const result = schema.safeParse(content)
  if (result.success) return result.data
  throw new LabError(`the ${what} cannot be read: ${z.prettifyError(result.error)}`)
}

const SHARE_SHOWN = 0.001

/**
 * Frames as a flame graph shows them; those below a thousandth of the whole are left out. With a base,
 * each has the difference in its share of the whole, in units of this profile.
 */
export function toFlame(frame: Frame, base: Frame | undefined): FlameNode {
  const whole = totalOf(frame)
  const factor = base === undefined ? 0 : whole / Math.max(1, totalOf(base))
  const convert = (own: Frame, other: Frame | undefined): FlameNode => {
    const value = totalOf(own)
    const children = own.children
      .filter((child) => totalOf(child) >= whole * SHARE_SHOWN)
      .map((child) =>
        convert(
          child,
          other?.children.find(({ name }) => name === child.name),
        ),
      )
      .toSorted((a, b) => b.value - a.value)
    const delta =
      base === undefined
        ? {}
        : { delta: value - factor * (other === undefined ? 0 : totalOf(other)) }
    return { name: own.name, value, ...delta, children }
  }
  return convert(frame, base)
}

/** Own share of each function, wherever it was called from. */
export function selfByName(root: Frame): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const add = ({ name, self, children }: Frame): void => {
    if (self > 0) found.set(name, (found.get(name) ?? 0) + self)
    for (const child of children) add(child)
  }
  add(root)
  return found
}
