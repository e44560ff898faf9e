import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fromUtf8, utf8 } from '../../core/bytes.ts'
import { crc32c } from '../levels/crc32c.ts'

/** A larger snapshot is not read. */
const BYTES_MAX = 16_777_216
const HEAD = /^tollgate-keys 1 ([0-9a-f]{8})\n/

/**
 * Writes keys to a file that only its owner may read, completely or not at all. It holds only keys and no values: the
 * values are read again, and verified, before anybody is answered with them.
 */
export async function saveKeys(path: string, keys: readonly string[]): Promise<void> {
  const lines: string[] = []
  let bytes = 0
  for (const key of keys) {
    const line = `${JSON.stringify(key)}\n`
    bytes += line.length * 3
    if (bytes > BYTES_MAX) break
    lines.push(line)
  }
  const body = lines.join('')
  const checksum = crc32c(utf8(body)).toString(16).padStart(8, '0')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`tollgate-keys 1 ${checksum}\n${body}`)
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
}

/** Reads keys, hottest first; none when the file is absent, damaged or of another program. */
export async function loadKeys(path: string, countMax: number): Promise<readonly string[]> {
  const bytes = await readFile(path).catch(() => undefined)
  const text = bytes === undefined || bytes.length > BYTES_MAX * 2 ? undefined : fromUtf8(bytes)
  const head = text === undefined ? null : HEAD.exec(text)
  if (text === undefined || head === null) return []
  const body = text.slice(head[0].length)
  if (crc32c(utf8(body)) !== Number.parseInt(head[1]!, 16)) return []
  const lines = body.split('\n', countMax).filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as string)
}
