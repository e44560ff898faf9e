import type { RequestKind } from './arms.ts'

/** The path of both requests. */
export const PATH = '/player/position'

/** The answer of every arm. */
export const ANSWER = { ok: true } as const

/** The body: 90 bytes. */
export const BODY = JSON.stringify({
  player: 'player-000001',
  scene: 'atrium-01',
  position: { x: 12.53, y: 1.75, z: -307.25 },
})

/** Schema of the body. */
export const BODY_SCHEMA = {
  type: 'object',
  properties: {
    player: { type: 'string', pattern: '^player-[0-9]{6}$' },
    scene: { type: 'string', minLength: 1, maxLength: 64 },
    position: {
      type: 'object',
      properties: Object.fromEntries(
        ['x', 'y', 'z'].map((axis) => [axis, { type: 'number', minimum: -1000, maximum: 1000 }]),
      ),
      required: ['x', 'y', 'z'],
      additionalProperties: false,
    },
  },
  required: ['player', 'scene', 'position'],
  additionalProperties: false,
} as const

/** One request for each key, as bytes, in one block of memory. */
export function prepareRequests(kind: RequestKind, keys: readonly string[]): readonly Uint8Array[] {
  const texts = keys.map((key) => requestText(kind, key))
  const block = Buffer.from(texts.join(''), 'latin1')
  let at = 0
  return texts.map((text) => block.subarray(at, (at += text.length)))
}

function requestText(kind: RequestKind, key: string): string {
  const head = [
    `${kind === 'post' ? 'POST' : 'GET'} ${PATH} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${key}`,
  ]
  if (kind === 'get') return `${head.join('\r\n')}\r\n\r\n`
  head.push('content-type: application/json', `content-length: ${BODY.length}`)
  return `${head.join('\r\n')}\r\n\r\n${BODY}`
}
