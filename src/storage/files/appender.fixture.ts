/**
 * Appends frames, eight at a time, and prints each once it is acknowledged, until it is killed.
 * Run: `bun appender.fixture.ts <folder> <round>`.
 */
import { writeSync } from 'node:fs'
import { utf8 } from '../../core/bytes.ts'
import { openFileLog } from './log.ts'

const [folder, round] = process.argv.slice(2)
const log = await openFileLog({ folder: folder!, segmentBytesMax: 4096 })

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const text = `${round}-${writer}-${count}-${'x'.repeat(count % 90)}`
    await log.append([utf8(text)], { sync: true })
    writeSync(1, `${text}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, async (_, writer) => write(writer)))
