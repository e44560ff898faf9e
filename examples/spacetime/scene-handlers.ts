import { z } from 'zod'
import { findingsOf } from './findings.ts'
import { invalid, problem, readJson } from '../problem.ts'
import { readQuery } from './query.ts'
import { sceneSchema } from './scene.ts'
import type { State } from './state.ts'
import { callerOf } from './state.ts'

/** The largest scene that is accepted, in bytes. */
export const SCENE_BYTES_MAX = 1_048_576
const LOAD_BYTES_MAX = 4096
const PAGE_DEFAULT = '50'
const NUMBER_TO_100 = /^([1-9]\d?|100)$/

const loadRequest = z.strictObject({ path: z.string().min(1).max(200) })

/** `GET /scene`: the current scene. */
export function showScene(_request: Request, { world, scene }: State): Response {
  return Response.json({ ...world.current, scene })
}

/** `PUT /scene`: says whether a scene could be loaded, and what looks unintended; stores nothing. */
export async function validateScene(request: Request): Promise<Response> {
  const body = await readJson(request, SCENE_BYTES_MAX)
  if (!body.ok) return body.response
  const scene = sceneSchema.safeParse(body.value)
  if (!scene.success) return invalid(scene.error.issues)
  const { title, objects, zones } = scene.data
  return Response.json({
    valid: true,
    title,
    objects: objects.length,
    zones: zones.length,
    findings: findingsOf(scene.data),
  })
}

/** `POST /scene`: makes a file's scene the current one. */
export async function loadScene(request: Request, state: State): Promise<Response> {
  const body = await readJson(request, LOAD_BYTES_MAX)
  if (!body.ok) return body.response
  const wanted = loadRequest.safeParse(body.value)
  if (!wanted.success) return invalid(wanted.error.issues)
  const { path } = wanted.data
  const scene = await state.library.read(path)
  if (scene === undefined) return problem(404, 'No such scene', 'GET /scenes lists them.')
  const visit = { path, at: new Date().toISOString(), by: callerOf(request) }
  state.world.load(visit)
  state.scene = scene
  return Response.json({ ...visit, title: scene.title, objects: scene.objects.length })
}

/** `GET /scenes`: lists the folder a page at a time; the next page begins after a path. */
export async function listScenes(
  _request: Request,
  { library }: State,
  url: URL,
): Promise<Response> {
  const query = readQuery(url, {
    tag: /^[a-z0-9-]{1,64}$/,
    limit: NUMBER_TO_100,
    after: /^[^\0]{1,200}$/,
  })
  if (!query.ok) return query.response
  const { tag, limit = PAGE_DEFAULT, after = '' } = query.value
  const { scenes, broken } = await library.scan()
  const wanted = tag === undefined ? scenes : scenes.filter(({ tags }) => tags.includes(tag))
  const rest = wanted.filter(({ path }) => path > after)
  const page = rest.slice(0, Number(limit))
  const next = rest.length > page.length ? page.at(-1)?.path : undefined
  return Response.json({
    total: wanted.length,
    scenes: page,
    broken,
    ...(next !== undefined && { next }),
  })
}

/** `GET /scene/history`: the scenes that were loaded, newest first. */
export function showHistory(_request: Request, { world }: State, url: URL): Response {
  const query = readQuery(url, { limit: NUMBER_TO_100 })
  if (!query.ok) return query.response
  return Response.json({ history: world.history(Number(query.value['limit'] ?? PAGE_DEFAULT)) })
}
