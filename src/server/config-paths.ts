import { resolve } from 'node:path'
import type { GatewayConfig } from '../gate/index.ts'

/**
 * Resolves the paths of a configuration against the folder of its file. One rule holds for all of them, `${file:…}`
 * included, and the working directory of the gate does not matter.
 */
export function resolvePaths(config: GatewayConfig, folder: string): GatewayConfig {
  const at = (path: string): string => resolve(folder, path)
  const { storage, cache, policy, policies } = config
  return {
    ...config,
    storage: { ...storage, folder: at(storage.folder) },
    cache: {
      ...cache,
      ...(cache.disk?.folder !== undefined && {
        disk: { ...cache.disk, folder: at(cache.disk.folder) },
      }),
    },
    policy: {
      ...policy,
      allowLists: mapValues(policy.allowLists, (list) =>
        list.file === undefined ? list : { ...list, file: at(list.file) },
      ),
    },
    policies: mapValues(policies as Readonly<Record<string, Policy>>, (each) => ({
      ...placed(each, at),
      ...(each.shadow !== undefined && { shadow: placed(each.shadow, at) }),
    })) as GatewayConfig['policies'],
  }
}

/** Where a policy is stored: files and folders, or a bundle; one that a server provides has no path. */
interface Places {
  readonly paths?: readonly string[]
  readonly bundle?: unknown
}

/** A policy, or the decision log, which has neither field: its path is within the data folder. */
interface Policy extends Places {
  readonly shadow?: Places
}

function placed<T extends Places>(places: T, at: (path: string) => string): T {
  const { paths, bundle } = places
  return {
    ...places,
    ...(paths !== undefined && { paths: paths.map(at) }),
    ...(typeof bundle === 'string' && { bundle: at(bundle) }),
  }
}

const mapValues = <T>(
  values: Readonly<Record<string, T>>,
  change: (value: T) => T,
): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
