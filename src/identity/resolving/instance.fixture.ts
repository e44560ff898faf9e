/**
 * An instance in its own process: it uses the records of its parent, and hears of changes through Redis on the given
 * port. Each line on a connection is a credential; the answer is `allowed` or the code of a refusal.
 */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import {
  createRelayClient,
  createStreamBus,
  openRedis,
  openRedisStream,
  STREAM_DEFAULTS,
} from '../../storage/index.ts'
import { REDIS_DEFAULTS } from '../../storage/redis/options.ts'
import { identityConfig } from '../config.ts'
import { createIdentity } from '../identity.ts'
import { createTestRoles, PEPPER } from '../test-rig.ts'

const nodes = [{ host: '127.0.0.1', port: Number(process.argv[2]) }]
const redis = await openRedis({ ...REDIS_DEFAULTS, nodes }, { clock: systemClock })
const stream = openRedisStream({
  ...STREAM_DEFAULTS,
  redis,
  clock: systemClock,
  random: systemRandom,
  name: 'bus',
})
const bus = createStreamBus(stream)
const { records } = createRelayClient({
  link: {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
    onClose: () => undefined,
  },
  clock: systemClock,
  timeoutMs: 5000,
})
const identity = createIdentity({
  records,
  bus,
  clock: systemClock,
  random: systemRandom,
  config: identityConfig.parse({}),
  peppers: [PEPPER],
  permissions: createTestRoles(),
  cascade: [],
})

const server = createServer((socket) => {
  createInterface(socket).on('line', (credential) => {
    void Promise.resolve(identity.resolve(credential, systemClock.nowMs())).then((found) =>
      socket.write(`${'code' in found ? found.code : 'allowed'}\n`),
    )
  })
})
server.listen(0, '127.0.0.1', () => {
  const end = stream.subscribe({
    onEntry: () => undefined,
    onGap: () => undefined,
    onSilence: () => undefined,
    onLive() {
      process.send?.({ port: (server.address() as AddressInfo).port })
      end()
    },
  })
})
process.on('disconnect', () => process.exit(0))
