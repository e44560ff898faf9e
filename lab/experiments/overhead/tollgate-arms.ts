import { LabError } from '../../core/index.ts'
import type { World } from '../../core/index.ts'
import type { Arm, ArmRole } from './arm.ts'
import { startGate } from './gate-process.ts'
import type { ArmSource } from './raw.ts'
import type { OpenSource } from './source.ts'

/** The layers of the gate that can be switched on and off by route. */
const LAYERS = ['identify', 'limits', 'authorize', 'validate', 'audit'] as const
type Layer = (typeof LAYERS)[number]

/** Layers that need to know the caller, and so build on `identify`. */
const NEEDS_CALLER: ReadonlySet<Layer> = new Set(['limits', 'authorize'])

/** One route of the gate under test. */
interface Variant {
  readonly name: string
  readonly role: ArmRole
  readonly layer: Layer | null
  readonly on: readonly Layer[]
  readonly against?: string
  /** The layer that must refuse the request, if one must. */
  readonly flaw?: Layer
}

const PERMISSION = 'lab:write'
const BODY = JSON.stringify({
  player: 'player-000001',
  scene: 'atrium-01',
  position: { x: 12.53, y: 1.75, z: -307.25 },
})
const BODY_REFUSED = BODY.replace('-307.25', '1307.25')
const number = { type: 'number', minimum: -1000, maximum: 1000 }
const BODY_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['player', 'scene', 'position'],
  properties: {
    player: { type: 'string', pattern: '^player-[0-9]{6}$' },
    scene: { type: 'string', minLength: 1, maxLength: 64 },
    position: {
      type: 'object',
      additionalProperties: false,
      required: ['x', 'y', 'z'],
      properties: { x: number, y: number, z: number },
    },
  },
}
const REFUSED_STATUS: Readonly<Partial<Record<Layer, number>>> = {
  identify: 401,
  limits: 429,
  authorize: 403,
  validate: 422,
}

/** The routes: each layer alone, all layers but one, all layers, and one for the request that each layer refuses. */
function variantsFor(only: readonly Layer[]): readonly Variant[] {
  const chosen = LAYERS.filter((layer) => only.includes(layer))
  const needsCaller = (layer: Layer): boolean =>
    NEEDS_CALLER.has(layer) && chosen.includes('identify')
  const wanted = (layer: Layer): readonly Layer[] =>
    NEEDS_CALLER.has(layer) ? ['identify', layer] : [layer]
  const all = [...new Set(chosen.flatMap(wanted))]
  return [
    { name: 'baseline', role: 'baseline', layer: null, on: [] },
    { name: 'again', role: 'duplicate', layer: null, on: [] },
    ...chosen.map((layer): Variant => ({
      name: layer,
      role: 'alone',
      layer,
      on: wanted(layer),
      ...(needsCaller(layer) && { against: 'identify' }),
    })),
    ...(chosen.length > 1 ? [{ name: 'all', role: 'all', layer: null, on: all } as const] : []),
    ...(chosen.length > 2
      ? chosen
          .filter((layer) => layer !== 'identify')
          .map((layer): Variant => ({
            name: `without ${layer}`,
            role: 'without',
            layer,
            on: all.filter((other) => other !== layer),
          }))
      : []),
    ...chosen
      .filter((layer) => REFUSED_STATUS[layer] !== undefined)
      .map((layer): Variant => ({
        name: `refused by ${layer}`,
        role: 'refused',
        layer,
        on: wanted(layer),
        flaw: layer,
      })),
  ]
}

/** Starts a gate with a route for each arm, in a folder of its own, and makes its keys. */
export async function openTollgateArms(
  { command, only }: Extract<ArmSource, { kind: 'tollgate' }>,
  { signal }: World,
): Promise<OpenSource> {
  const unknown = only.find((name) => !LAYERS.some((layer) => layer === name))
  if (unknown !== undefined) {
    throw new LabError(`no layer is named ${unknown}; there are ${LAYERS.join(', ')}`)
  }
  const variants = variantsFor(only.length === 0 ? LAYERS : (only as readonly Layer[]))
  const gate = await startGate(configOf(variants), command, signal)
  try {
    await gate.ask('POST', '/tenants', { id: 'lab', name: 'Lab' })
    const make = async (name: string, permissions: readonly string[]): Promise<string> => {
      const made = await gate.ask('POST', '/tenants/lab/keys', { name, permissions })
      return (made as { readonly secret: string }).secret
    }
    const keys = {
      good: await make('good', [PERMISSION]),
      powerless: await make('powerless', []),
    }
    return {
      arms: variants.map((variant, at) => armOf(variant, at, gate.url, keys)),
      pid: gate.pid,
      allowRemote: false,
      close: gate.close,
    }
  } catch (error) {
    await gate.close()
    throw error
  }
}

/** Paths of equal length. */
const pathOf = (at: number): string => `/arm-${String(at).padStart(2, '0')}`

function armOf(
  { name, role, layer, against, flaw }: Variant,
  at: number,
  origin: string,
  keys: { readonly good: string; readonly powerless: string },
): Arm {
  const key = { identify: `${keys.good.slice(0, -1)}~`, authorize: keys.powerless }[flaw as string]
  return {
    name,
    role,
    layer,
    ...(against !== undefined && { against }),
    request: {
      url: new URL(pathOf(at), origin).href,
      method: 'POST',
      headers: { authorization: `Bearer ${key ?? keys.good}`, 'content-type': 'application/json' },
      body: flaw === 'validate' ? BODY_REFUSED : BODY,
      status: flaw === undefined ? 200 : (REFUSED_STATUS[flaw] ?? 200),
    },
  }
}

/** Limits are too high to be reached, except in the arm that they must refuse, where they are too low. */
function configOf(variants: readonly Variant[]): Readonly<Record<string, unknown>> {
  return {
    listen: { address: '127.0.0.1:0', idleTimeout: '240s' },
    admin: { address: '127.0.0.1:0' },
    signals: { log: { level: 'error' } },
    bans: { enabled: false },
    identity: { cache: { ageMax: '1h' } },
    limits: {
      high: { kind: 'bucket', limit: 1_000_000, window: '1m', by: 'client' },
      quota: { kind: 'calendar', limit: 1_000_000_000, window: 'day', by: 'client' },
      low: { kind: 'calendar', limit: 1, window: 'month', by: 'client' },
    },
    defaults: { limits: [] },
    routes: variants.map(({ on, flaw }, at) => ({
      id: `arm-${at}`,
      path: pathOf(at),
      methods: ['POST'],
      credentials: [on.includes('identify') ? 'key' : 'anonymous'],
      limits: on.includes('limits') ? (flaw === 'limits' ? ['low'] : ['high', 'quota']) : [],
      ...(on.includes('authorize') && { permission: PERMISSION }),
      request: { body: on.includes('validate') ? BODY_SCHEMA : {} },
      audit: on.includes('audit'),
      respond: { body: { ok: true } },
    })),
  }
}
