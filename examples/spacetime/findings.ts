import type { Scene, Vector3 } from './scene.ts'
import { isWithin } from './scene.ts'

/** Something in a valid scene that its author may not have intended. */
export interface Finding {
  /** The place, as a JSON pointer (RFC 6901). */
  readonly pointer: string
  readonly message: string
}

const FINDINGS_MAX = 50
const OBJECTS_COMFORTABLE = 2000
const GRAVITY_BEARABLE = 30

type Rule = (scene: Scene) => readonly Finding[]

const emptyScene: Rule = ({ objects }) =>
  objects.length === 0 ? [{ pointer: '/objects', message: 'the scene is empty' }] : []

const crowdedScene: Rule = ({ objects }) =>
  objects.length > OBJECTS_COMFORTABLE
    ? [{ pointer: '/objects', message: `more than ${OBJECTS_COMFORTABLE} objects render slowly` }]
    : []

const crushingGravity: Rule = ({ gravity }) =>
  gravity > GRAVITY_BEARABLE
    ? [{ pointer: '/gravity', message: 'more than three times that of Earth' }]
    : []

const untold: Rule = ({ description, tags }) => [
  ...(description.trim() === ''
    ? [{ pointer: '/description', message: 'the description is empty' }]
    : []),
  ...(tags.length === 0
    ? [{ pointer: '/tags', message: 'a scene without tags is hard to find' }]
    : []),
]

const insideObjects: Rule = ({ objects, spawn }) =>
  objects.flatMap(({ position, size }, index) =>
    isWithin(spawn, around(position, size))
      ? [{ pointer: `/objects/${index}`, message: 'players start inside this object' }]
      : [],
  )

const stackedObjects: Rule = ({ objects }) => {
  const seen = new Map<string, string>()
  return objects.flatMap(({ id, kind, position }, index) => {
    const place = `${kind} ${position.x} ${position.y} ${position.z}`
    const other = seen.get(place)
    if (other === undefined) {
      seen.set(place, id)
      return []
    }
    return [{ pointer: `/objects/${index}`, message: `is in the same place as ${other}` }]
  })
}

const emptyZones: Rule = ({ zones, objects }) =>
  zones.flatMap(({ bounds }, index) =>
    objects.some(({ position }) => isWithin(position, bounds))
      ? []
      : [{ pointer: `/zones/${index}`, message: 'contains no object' }],
  )

const RULES: readonly Rule[] = [
  emptyScene,
  crowdedScene,
  crushingGravity,
  untold,
  insideObjects,
  stackedObjects,
  emptyZones,
]

/** Reviews a valid scene and returns at most 50 findings. */
export function findingsOf(scene: Scene): readonly Finding[] {
  return RULES.flatMap((rule) => rule(scene)).slice(0, FINDINGS_MAX)
}

const around = (middle: Vector3, size: Vector3): { min: Vector3; max: Vector3 } => ({
  min: { x: middle.x - size.x / 2, y: middle.y - size.y / 2, z: middle.z - size.z / 2 },
  max: { x: middle.x + size.x / 2, y: middle.y + size.y / 2, z: middle.z + size.z / 2 },
})
