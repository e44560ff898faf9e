import type { SceneLibrary } from './library.ts'
import type { Scene } from './scene.ts'
import type { World } from './world.ts'

/** What a request is answered from. */
export interface State {
  readonly library: SceneLibrary
  readonly world: World
  /** The scene that is current. */
  scene: Scene
}

/** Answers a request whose path and method are known. */
export type Handler = (request: Request, state: State, url: URL) => Response | Promise<Response>

/** Who asks: what the gate says, which no client can say for itself. */
export const callerOf = (request: Request): string =>
  request.headers.get('x-tollgate-caller') ?? 'anonymous'
