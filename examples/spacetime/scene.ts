import { z } from 'zod'

/** The world extends this far from its center along each axis; scenes lie within it. */
const WORLD_REACH = 1000

const coordinate = z.number().min(-WORLD_REACH).max(WORLD_REACH)

/** A point or extent in world units. */
export const vector3 = z.strictObject({ x: coordinate, y: coordinate, z: coordinate })

/** A point or extent in world units. */
export type Vector3 = z.output<typeof vector3>

const box = z.strictObject({ min: vector3, max: vector3 })

/** A box with its faces parallel to the axes, from its least to its greatest corner. */
export type Box = z.output<typeof box>

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

const zone = z.strictObject({ id: identifier, label: z.string().min(1).max(200), bounds: box })

/** A named part of a scene. */
export type Zone = z.output<typeof zone>

/** A scene file. Everything in it lies within its bounds, and ids are unique. */
export const sceneSchema = z
  .strictObject({
    title: z.string().min(1).max(200),
    description: z.string().max(2000),
    author: z.string().max(200),
    tags: z.array(identifier).max(20),
    bounds: box,
    spawn: vector3,
    gravity: z.number().min(0).max(300),
    zones: z.array(zone).max(200).default([]),
    objects: z.array(sceneObject).max(10_000),
  })
  .superRefine((scene, context) => {
    const complain = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message })
    if (!isBox(scene.bounds)) complain(['bounds'], 'has a min above its max')
    if (!isWithin(scene.spawn, scene.bounds)) complain(['spawn'], 'lies outside the bounds')
    for (const index of repeated(scene.objects))
      complain(['objects', index, 'id'], 'is already used')
    for (const index of repeated(scene.zones)) complain(['zones', index, 'id'], 'is already used')
    for (const [index, { position }] of scene.objects.entries()) {
      if (isWithin(position, scene.bounds)) continue
      complain(['objects', index, 'position'], 'lies outside the bounds')
    }
    for (const [index, { bounds }] of scene.zones.entries()) {
      const at = ['zones', index, 'bounds']
      if (!isBox(bounds)) complain(at, 'has a min above its max')
      const inside = isWithin(bounds.min, scene.bounds) && isWithin(bounds.max, scene.bounds)
      if (!inside) complain(at, 'extends beyond the bounds')
    }
  })

/** A parsed scene. */
export type Scene = z.output<typeof sceneSchema>

const AXES = ['x', 'y', 'z'] as const

/** Whether a point lies in a box, its faces included. */
export function isWithin(point: Vector3, { min, max }: Box): boolean {
  return AXES.every((axis) => point[axis] >= min[axis] && point[axis] <= max[axis])
}

const isBox = ({ min, max }: Box): boolean => AXES.every((axis) => min[axis] <= max[axis])

/** Indexes of the entries whose id an earlier entry already has. */
function repeated(entries: readonly { readonly id: string }[]): readonly number[] {
  const seen = new Set<string>()
  return entries.flatMap(({ id }, index) => {
    if (seen.has(id)) return [index]
    seen.add(id)
    return []
  })
}
