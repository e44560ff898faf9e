import type { Answer } from '../../core/answer.ts'
import { createGathering, Outbox } from './outbox.ts'

/** Something that writes answers it has written before. */
interface Writer {
  write(answer: Answer, dateLine: string, outbox: Outbox): boolean
}

/** The text that `writer` writes, if any. */
export function written(writer: Writer, answer: Answer, dateLine: string): string | undefined {
  let text = ''
  const write = (bytes: Uint8Array, from = 0, length = bytes.length): number => {
    text += Buffer.from(bytes.subarray(from, from + length)).toString()
    return length
  }
  const outbox = new Outbox({ write }, createGathering())
  const isWritten = writer.write(answer, dateLine, outbox)
  outbox.flush()
  return isWritten ? text : undefined
}
