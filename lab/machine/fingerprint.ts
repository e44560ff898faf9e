import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import type { Fingerprint } from '../core/index.ts'
import { readSystemFile } from './proc.ts'

/** Describes this machine, without its name or anything else that tells whose it is. */
export function readFingerprint(): Fingerprint {
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${platform()} ${release()}`,
    architecture: arch(),
    virtualization: virtualization(),
    runtime: `bun ${Bun.version}`,
  }
}

function virtualization(): string {
  if (platform() !== 'linux') return 'unknown'
  const guest = /^flags\s*:.*\bhypervisor\b/m.test(readSystemFile('/proc/cpuinfo') ?? '')
  const product = readSystemFile('/sys/class/dmi/id/product_name')?.trim() ?? ''
  const machine = guest ? `virtual machine${product === '' ? '' : ` (${product})`}` : 'none'
  const contained =
    readSystemFile('/.dockerenv') !== undefined ||
    /docker|kubepods|containerd|lxc/.test(readSystemFile('/proc/1/cgroup') ?? '')
  return contained ? `${machine}, container` : machine
}

/** The firmware takes some memory, so the total may differ slightly from boot to boot. */
const MEMORY_TOLERANCE = 0.02

/** What differs between two machines; figures may be compared only if nothing does. */
export function differencesBetween(a: Fingerprint, b: Fingerprint): readonly string[] {
  const names = [
    'cpuModel',
    'cores',
    'kernel',
    'architecture',
    'virtualization',
    'runtime',
  ] as const satisfies readonly (keyof Fingerprint)[]
  const memory = Math.abs(a.memoryBytes - b.memoryBytes) > MEMORY_TOLERANCE * a.memoryBytes
  return [
    ...names
      .filter((name) => a[name] !== b[name])
      .map((name) => `${name}: ${a[name]} and ${b[name]}`),
    ...(memory ? [`memoryBytes: ${a.memoryBytes} and ${b.memoryBytes}`] : []),
  ]
}
