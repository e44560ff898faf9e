import { z } from 'zod'
import { invalid, problem, readJson } from '../problem.ts'
import { readQuery } from './query.ts'
import { isWithin, vector3 } from './scene.ts'
import type { State } from './state.ts'
import { callerOf } from './state.ts'
import { surroundingsOf } from './surroundings.ts'

const MOVE_BYTES_MAX = 4096
const PLAYER = /^[A-Za-z0-9_-]{1,64}$/
const PLAYER_DEFAULT = 'me'

const moveRequest = z.strictObject({
  player: z.string().regex(PLAYER).default(PLAYER_DEFAULT),
  position: vector3,
})

/** `POST /player/position`: moves one of the caller's players, and answers with its surroundings. */
export async function movePlayer(request: Request, { world, scene }: State): Promise<Response> {
  const body = await readJson(request, MOVE_BYTES_MAX)
  if (!body.ok) return body.response
  const move = moveRequest.safeParse(body.value)
  if (!move.success) return invalid(move.error.issues)
  const { player, position } = move.data
  if (!isWithin(position, scene.bounds)) {
    return problem(422, 'Outside the world', undefined, { bounds: scene.bounds })
  }
  const at = new Date().toISOString()
  world.move(callerOf(request), player, { position, at })
  return Response.json({ player, position, at, ...surroundingsOf(scene, position) })
}

/** `GET /player/position`: the position of one of the caller's players. */
export function showPosition(request: Request, { world }: State, url: URL): Response {
  const query = readQuery(url, { player: PLAYER })
  if (!query.ok) return query.response
  const { player = PLAYER_DEFAULT } = query.value
  const found = world.find(callerOf(request), player)
  return found === undefined ? problem(404, 'No such player') : Response.json({ player, ...found })
}
