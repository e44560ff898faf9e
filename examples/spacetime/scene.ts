import { z } from 'zod'

const coordinate = z.number().min(-1_000_000).max(1_000_000)

/** A point or extent in world units. */
export const vector3 = z.strictObject({ x: coordinate, y: coordinate, z: coordinate })

/** A point or extent in world units. */
export type Vector3 = z.output<typeof vector3>

const degrees = z.number().min(-360).max(360)
const identifier = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)

const sceneObject = z.strictObject({
  id: identifier,
  kind: identifier,
  position: vector3,
  size: vector3,
  yaw: degrees.optional(),
  roll: degrees.optional(),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .optional(),
  label: z.string().max(500).optional(),
  orbit: z
    .strictObject({ radius: z.number().positive(), periodYears: z.number().positive() })
    .optional(),
})

/** A scene file. Everything in it lies within its bounds, and object ids do not repeat. */
export const sceneSchema = z
  .strictObject({
    title: z.string().min(1).max(200),
    description: z.string().max(2000),
    author: z.string().max(200),
    tags: z.array(identifier).max(20),
    bounds: z.strictObject({ min: vector3, max: vector3 }),
    spawn: vector3,
    gravity: z.number().min(0).max(300),
    objects: z.array(sceneObject).max(10_000),
  })
  .superRefine((scene, context) => {
    const seen = new Set<string>()
    if (!isWithin(scene.spawn, scene.bounds)) {
      context.addIssue({ code: 'custom', path: ['spawn'], message: 'lies outside the bounds' })
    }
    for (const [index, object] of scene.objects.entries()) {
      const path = ['objects', index]
      if (seen.has(object.id)) {
        context.addIssue({ code: 'custom', path: [...path, 'id'], message: 'is already taken' })
      }
      seen.add(object.id)
      if (!isWithin(object.position, scene.bounds)) {
        const message = 'lies outside the bounds'
        context.addIssue({ code: 'custom', path: [...path, 'position'], message })
      }
    }
  })

/** A parsed scene. */
export type Scene = z.output<typeof sceneSchema>

/** Whether a point lies in a box, its faces included. */
export function isWithin(point: Vector3, box: Scene['bounds']): boolean {
  return (['x', 'y', 'z'] as const).every(
    (axis) => point[axis] >= box.min[axis] && point[axis] <= box.max[axis],
  )
}

/** The object nearest to a point, with its distance in world units. */
export function nearestObject(
  scene: Scene,
  point: Vector3,
): { readonly id: string; readonly distance: number } | undefined {
  let nearest: { id: string; distance: number } | undefined
  for (const { id, position } of scene.objects) {
    const distance = Math.hypot(position.x - point.x, position.y - point.y, position.z - point.z)
    if (nearest === undefined || distance < nearest.distance) nearest = { id, distance }
  }
  return nearest
}
