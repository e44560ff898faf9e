import { systemClock } from '../core/clock.ts'
import { systemRandom } from '../core/random.ts'
import type { SignalsConfig } from '../signals/index.ts'
import { createLogger } from '../signals/index.ts'
import type { World } from '../gate/index.ts'
import { createSocketLinks } from './http1/index.ts'
import { VERSION } from './version.ts'

/** The real world: the machine's clock and randomness, and a log on standard error. */
export function createWorld({ log }: SignalsConfig): World {
  const { stderr, env } = process
  const isHuman = log.format === 'human' || (log.format === 'auto' && stderr.isTTY)
  return {
    clock: systemClock,
    random: systemRandom,
    build: { version: VERSION, runtime: `bun ${Bun.version}` },
    sha256: (bytes, out = new Uint8Array(32)) => Bun.SHA256.hash(bytes, out) as Uint8Array,
    openLink: createSocketLinks(),
    logger: createLogger({
      clock: systemClock,
      sink: { write: (text) => void stderr.write(text) },
      level: log.level,
      format: isHuman ? 'human' : 'json',
      color: stderr.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    }),
  }
}
