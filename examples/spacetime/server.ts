import { join } from 'node:path'
import type { SceneLibrary } from './library.ts'
import { openSceneLibrary } from './library.ts'
import { movePlayer, showPosition } from './player-handlers.ts'
import { problem } from '../problem.ts'
import {
  SCENE_BYTES_MAX,
  listScenes,
  loadScene,
  showHistory,
  showScene,
  validateScene,
} from './scene-handlers.ts'
import type { Scene } from './scene.ts'
import type { Handler, State } from './state.ts'
import type { World } from './world.ts'
import { openWorld } from './world.ts'

/** Where the example listens and keeps its data. */
export interface StartOptions {
  /** 0 takes any free port. */
  readonly port: number
  readonly hostname: string
  readonly dataFolder: string
}

/** A running example. */
export interface Running {
  readonly url: string
  stop(): Promise<void>
}

const SCENES = join(import.meta.dirname, 'scenes')
const FIRST_SCENE = 'gardens/golden-angle.json'

/** Starts the HTTP API of a VR world. */
export async function start(options: StartOptions): Promise<Running> {
  const library = openSceneLibrary(SCENES)
  const world = openWorld(options.dataFolder)
  const state: State = { library, world, scene: await firstScene(library, world) }
  const server = Bun.serve({
    port: options.port,
    hostname: options.hostname,
    development: false,
    maxRequestBodySize: 2 * SCENE_BYTES_MAX,
    fetch: (request) => answer(request, state),
    error: () => problem(500, 'Internal error'),
  })
  return {
    url: `http://${options.hostname}:${server.port}`,
    async stop() {
      await server.stop(true)
      world.close()
    },
  }
}

const HANDLERS: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/health': { GET: health },
  '/scene': { GET: showScene, PUT: validateScene, POST: loadScene },
  '/scene/history': { GET: showHistory },
  '/scenes': { GET: listScenes },
  '/player/position': { GET: showPosition, POST: movePlayer },
}

function answer(request: Request, state: State): Response | Promise<Response> {
  const url = new URL(request.url)
  const methods = Object.hasOwn(HANDLERS, url.pathname) ? HANDLERS[url.pathname] : undefined
  if (methods === undefined) return problem(404, 'Not found')
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (handler !== undefined) return handler(request, state, url)
  const response = problem(405, 'Method not allowed')
  response.headers.set('allow', Object.keys(methods).join(', '))
  return response
}

function health(_request: Request, { world, scene }: State): Response {
  return Response.json({ status: 'ok', scene: scene.title, players: world.players })
}

/** The scene that was current last; the garden in a new world, or if the file of that scene is gone. */
async function firstScene(library: SceneLibrary, world: World): Promise<Scene> {
  const current = world.current
  const again = current === undefined ? undefined : await library.read(current.path)
  if (again !== undefined) return again
  const scene = await library.read(FIRST_SCENE)
  if (scene === undefined) throw new Error(`${FIRST_SCENE} is not a scene`)
  world.load({ path: FIRST_SCENE, at: new Date().toISOString(), by: 'spacetime' })
  return scene
}

if (import.meta.main) {
  const { url } = await start({
    port: Number(process.env['PORT'] ?? 9101),
    hostname: '127.0.0.1',
    dataFolder: process.env['DATA_FOLDER'] ?? '.tollgate/examples/spacetime',
  })
  console.log(`spacetime listens on ${url}`)
}
