import type { Scene, Vector3 } from './scene.ts'
import { isWithin } from './scene.ts'

/** What is around a point of a scene. */
export interface Surroundings {
  /** The nearest object, with its distance in world units; `null` in an empty scene. */
  readonly nearest: {
    readonly id: string
    readonly kind: string
    readonly label?: string
    readonly distance: number
  } | null
  /** The zones that contain the point; zones may overlap. */
  readonly zones: readonly { readonly id: string; readonly label: string }[]
}

/** Finds what is around a point. */
export function surroundingsOf(scene: Scene, point: Vector3): Surroundings {
  return {
    nearest: nearestObject(scene, point),
    zones: scene.zones
      .filter(({ bounds }) => isWithin(point, bounds))
      .map(({ id, label }) => ({ id, label })),
  }
}

function nearestObject(scene: Scene, point: Vector3): Surroundings['nearest'] {
  let nearest: Surroundings['nearest'] = null
  for (const { id, kind, label, position } of scene.objects) {
    const distance = distanceBetween(position, point)
    if (nearest !== null && distance >= nearest.distance) continue
    nearest = { id, kind, ...(label !== undefined && { label }), distance }
  }
  return nearest === null
    ? null
    : { ...nearest, distance: Math.round(nearest.distance * 1000) / 1000 }
}

const distanceBetween = (a: Vector3, b: Vector3): number =>
  Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z)
