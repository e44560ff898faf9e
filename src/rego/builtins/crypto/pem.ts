import { decodeBase64, BASE64 } from '../encoding/base64.ts'

/** A PEM block (RFC 7468). */
export interface PemBlock {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What follows the block. */
  readonly rest: string
}

const BLOCK = /(?:^|\n)-----BEGIN ([^\r\n]*?)-----[ \t\r]*\n/

/** The first block within the text; malformed ones are passed over. */
export function decodePem(text: string): PemBlock | undefined {
  for (let from = 0; ;) {
    const begin = BLOCK.exec(text.slice(from))
    if (begin === null) return undefined
    const type = begin[1] ?? ''
    const bodyStart = from + begin.index + begin[0].length
    const endMark = `-----END ${type}-----`
    const end = text.indexOf(endMark, bodyStart)
    const bytes = end < 0 ? undefined : decodeBody(text.slice(bodyStart, end))
    if (bytes !== undefined) {
      const rest = text.slice(end + endMark.length).replace(/^[ \t\r]*\n?/, '')
      return { type, bytes, rest }
    }
    from = bodyStart - 1
  }
}

/** All blocks. */
export function decodePems(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (let block = decodePem(text); block !== undefined; block = decodePem(block.rest))
    blocks.push(block)
  return blocks
}

function decodeBody(body: string): Uint8Array<ArrayBuffer> | undefined {
  const withoutHeaders = body.replace(/^(?:[^\n:]+:[^\n]*\n)+\s*/, '')
  try {
    return decodeBase64(withoutHeaders.replace(/[ \t]/g, '').trim(), BASE64)
  } catch {
    return undefined
  }
}

/** Whether the text begins as PEM does. */
export function isPem(text: string): boolean {
  return text.startsWith('-----BEGIN')
}
