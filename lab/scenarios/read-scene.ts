import type { Scenario, ScenarioSpec } from '../scenario/index.ts'
import { defineScenario } from '../scenario/index.ts'
import { keyFeed, meet } from './subject.ts'

/** A read of the current scene with the credential of the feed `key`. */
export const READ_SCENE = {
  path: '/scene',
  headers: { authorization: 'Bearer {{key.secret}}' },
  checks: { status: 200 },
} as const satisfies ScenarioSpec['requests'][string]

/** An authenticated read of the current scene, the simplest request through all layers. */
export function readScene(
  name: string,
  description: string,
  load: NonNullable<ScenarioSpec['load']>,
): Scenario {
  return defineScenario({
    name,
    description,
    tags: ['read'],
    load,
    setup: async (context) => ({ ...(await meet(context)) }),
    feeds: { key: keyFeed('keys') },
    requests: { read: READ_SCENE },
  })
}
