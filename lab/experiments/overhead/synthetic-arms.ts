import { startSyntheticServer } from '../../synthetic/index.ts'
import type { Arm, ArmRole } from './arm.ts'
import type { OpenSource } from './source.ts'

/**
 * Starts the synthetic server with layers of known cost, against which the findings of the lab can be checked.
 *
 * @param layers - Microseconds of processor time by name.
 */
export async function openSyntheticArms(
  layers: Readonly<Record<string, number>>,
): Promise<OpenSource> {
  const server = await startSyntheticServer({ layersUs: layers })
  const names = Object.keys(layers)
  // URLs of equal length, so that parsing them costs the same.
  const width = names.join(',').length
  const arm = (name: string, role: ArmRole, layer: string | null, on: readonly string[]): Arm => ({
    name,
    role,
    layer,
    request: {
      url: `${server.url}/layers?on=${on.join(',')}&fill=${'-'.repeat(width - on.join(',').length)}`,
      method: 'GET',
      headers: {},
      body: null,
      status: 200,
    },
  })
  const combined =
    names.length < 2
      ? []
      : [
          arm('all', 'all', null, names),
          ...names.map((name) =>
            arm(
              `without ${name}`,
              'without',
              name,
              names.filter((other) => other !== name),
            ),
          ),
        ]
  return {
    arms: [
      arm('baseline', 'baseline', null, []),
      arm('again', 'duplicate', null, []),
      ...names.map((name) => arm(name, 'alone', name, [name])),
      ...combined,
    ],
    pid: server.pid,
    allowRemote: false,
    burned: async () => {
      const { layers: burned } = await server.stats()
      return Object.fromEntries(
        Object.entries(burned).flatMap(([name, { meanNs }]) =>
          meanNs === null ? [] : [[name, meanNs]],
        ),
      )
    },
    close: async () => server.stop(),
  }
}
