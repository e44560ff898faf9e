import type { JsonSchema } from './spec.ts'

/** Bounds of every coordinate, inclusive. */
export interface Vector3Bounds {
  readonly minimum: number
  readonly maximum: number
}

/**
 * The schema of a position or direction `{ x, y, z }` within world bounds. In configuration: `vector3: { minimum:
 * -1000, maximum: 1000 }` wherever a schema is allowed.
 */
export function vector3({ minimum, maximum }: Vector3Bounds): JsonSchema {
  const coordinate = { type: 'number', minimum, maximum }
  return {
    type: 'object',
    properties: { x: coordinate, y: coordinate, z: coordinate },
    required: ['x', 'y', 'z'],
    additionalProperties: false,
  }
}
