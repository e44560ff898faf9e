import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { SceneLibrary } from './library.ts'
import { openSceneLibrary } from './library.ts'
import { invalid, problem, readJson } from './problem.ts'
import type { Scene } from './scene.ts'
import { isWithin, nearestObject, sceneSchema, vector3 } from './scene.ts'
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
const SCENE_BYTES_MAX = 1_048_576
const SMALL_BYTES_MAX = 16_384
const FLUSH_MS = 1000

const loadRequest = z.strictObject({ path: z.string().min(1).max(200) })
const moveRequest = z.strictObject({
  player: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  position: vector3,
})

/** Starts the HTTP API of a VR world. */
export async function start(options: StartOptions): Promise<Running> {
  mkdirSync(options.dataFolder, { recursive: true })
  const library = openSceneLibrary(SCENES)
  const world = openWorld(options.dataFolder)
  if (world.current === undefined) {
    world.load({ path: FIRST_SCENE, at: new Date().toISOString(), by: 'spacetime' })
  }
  const state: State = { library, world, scene: await currentScene(library, world) }
  const flushing = setInterval(() => world.flush(), FLUSH_MS)
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
      clearInterval(flushing)
      await server.stop(true)
      world.flush()
    },
  }
}

interface State {
  readonly library: SceneLibrary
  readonly world: World
  scene: Scene
}

type Handler = (request: Request, state: State, url: URL) => Response | Promise<Response>

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

function showScene(_request: Request, { world, scene }: State): Response {
  return Response.json({ ...world.current, scene })
}

async function validateScene(request: Request): Promise<Response> {
  const body = await readJson(request, SCENE_BYTES_MAX)
  if (!body.ok) return body.response
  const scene = sceneSchema.safeParse(body.value)
  if (!scene.success) return invalid(scene.error.issues)
  const { title, objects } = scene.data
  return Response.json({ valid: true, title, objects: objects.length })
}

async function loadScene(request: Request, state: State): Promise<Response> {
  const body = await readJson(request, SMALL_BYTES_MAX)
  if (!body.ok) return body.response
  const wanted = loadRequest.safeParse(body.value)
  if (!wanted.success) return invalid(wanted.error.issues)
  const { path } = wanted.data
  const scene = await state.library.read(path)
  if (scene === undefined) return problem(404, 'No such scene', 'GET /scenes lists them.')
  const by = request.headers.get('x-tollgate-caller') ?? 'anonymous'
  const visit = { path, at: new Date().toISOString(), by }
  state.world.load(visit)
  state.scene = scene
  return Response.json({ ...visit, title: scene.title, objects: scene.objects.length })
}

async function listScenes(_request: Request, { library }: State, url: URL): Promise<Response> {
  const tag = url.searchParams.get('tag')
  const { scenes, broken } = await library.list()
  const shown = tag === null ? scenes : scenes.filter(({ tags }) => tags.includes(tag))
  return Response.json({ scenes: shown, broken })
}

function showHistory(_request: Request, { world }: State, url: URL): Response {
  const limit = url.searchParams.get('limit') ?? '50'
  if (!/^[1-9]\d{0,2}$/.test(limit)) {
    return problem(400, 'Bad request', 'limit is a number from 1 to 999.')
  }
  return Response.json({ history: world.history(Number(limit)) })
}

function showPosition(_request: Request, { world }: State, url: URL): Response {
  const player = url.searchParams.get('player') ?? ''
  const found = world.player(player)
  return found === undefined ? problem(404, 'No such player') : Response.json({ player, ...found })
}

async function movePlayer(request: Request, { world, scene }: State): Promise<Response> {
  const body = await readJson(request, SMALL_BYTES_MAX)
  if (!body.ok) return body.response
  const move = moveRequest.safeParse(body.value)
  if (!move.success) return invalid(move.error.issues)
  const { player, position } = move.data
  if (!isWithin(position, scene.bounds)) {
    return problem(422, 'Outside the world', undefined, { bounds: scene.bounds })
  }
  const at = new Date().toISOString()
  if (!world.move(player, { position, at })) return problem(503, 'The world is full')
  return Response.json({ player, position, at, nearest: nearestObject(scene, position) ?? null })
}

async function currentScene(library: SceneLibrary, world: World): Promise<Scene> {
  const scene = await library.read(world.current?.path ?? FIRST_SCENE)
  const shown = scene ?? (await library.read(FIRST_SCENE))
  if (shown === undefined) throw new Error(`${FIRST_SCENE} is not a scene`)
  return shown
}

if (import.meta.main) {
  const { url } = await start({
    port: Number(process.env['PORT'] ?? 7001),
    hostname: process.env['HOST'] ?? '127.0.0.1',
    dataFolder: process.env['DATA_FOLDER'] ?? '.tollgate/spacetime',
  })
  console.log(`spacetime listens on ${url}`)
}
