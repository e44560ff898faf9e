import type { SceneLibrary } from './library.ts'
import type { Scene } from './scene.ts'
import type { World } from './world.ts'

/** The state that handlers answer from. */
export interface State {
  readonly library: SceneLibrary
  readonly world: World
  /** The current scene. */
  scene: Scene
}

/** Handles a request for one path and method. */
export type Handler = (request: Request, state: State, url: URL) => Response | Promise<Response>

/** The caller, as named by the gate; no client can set this itself. */
export const callerOf = (request: Request): string =>
  request.headers.get('x-tollgate-caller') ?? 'anonymous'
