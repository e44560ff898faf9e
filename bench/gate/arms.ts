/** What a variant of the server does, and which requests it is sent. */
export interface Arm {
  readonly name: string
  readonly title: string
  readonly request: RequestKind
  /** `bare` is `Bun.serve` alone; the others are a gate with these layers. */
  readonly layers: 'bare' | Layers
  /** Its target, relative to the bare server. */
  readonly target?: Target
  /** Runs only if it is requested by name. */
  readonly byName?: true
}

/** The two requests of the benchmark: with a 90-byte JSON body to parse, and without a body. */
export type RequestKind = 'post' | 'get'

/** Lowest throughput and highest CPU per request, as ratios to the bare server. */
export interface Target {
  readonly throughput: number
  readonly cpu?: number
}

/** The layers of an arm; omitted ones are off. */
export interface Layers {
  readonly identify?: boolean
  readonly limits?: boolean
  readonly roles?: boolean
  readonly schema?: boolean
  readonly audit?: 'full' | 'without-address'
  readonly headers?: boolean
}

const ALL = { identify: true, limits: true, roles: true, schema: true, audit: 'full' } as const

/** Every arm. The others of each kind of request are compared with the first. */
export const ARMS: readonly Arm[] = [
  { name: 'bare', title: 'bare server, parsing the body', request: 'post', layers: 'bare' },
  { name: 'aa', title: 'A/A: the same once more', request: 'post', layers: 'bare' },
  { name: 'path', title: 'path alone: host, route, body, tally', request: 'post', layers: {} },
  { name: 'identify', title: '+ identify', request: 'post', layers: { identify: true } },
  {
    name: 'limits',
    title: '+ identify, limits',
    request: 'post',
    layers: { identify: true, limits: true },
  },
  {
    name: 'roles',
    title: '+ identify, roles',
    request: 'post',
    layers: { identify: true, roles: true },
  },
  { name: 'validate', title: '+ validate', request: 'post', layers: { schema: true } },
  { name: 'audit', title: '+ audit', request: 'post', layers: { audit: 'full' } },
  {
    name: 'all',
    title: 'all layers',
    request: 'post',
    layers: ALL,
    target: { throughput: 0.8, cpu: 1.25 },
  },
  {
    name: 'no-address',
    title: 'all layers, addresses not recorded',
    request: 'post',
    layers: { ...ALL, audit: 'without-address' },
  },
  {
    name: 'headers',
    title: 'all layers, RateLimit headers',
    request: 'post',
    layers: { ...ALL, headers: true },
    target: { throughput: 0.72 },
  },
  { name: 'bare-get', title: 'bare server, no body', request: 'get', layers: 'bare' },
  { name: 'aa-get', title: 'A/A: the same once more', request: 'get', layers: 'bare' },
  {
    name: 'verify',
    title: 'verify: key, role, limit, audit',
    request: 'get',
    layers: { identify: true, limits: true, roles: true, audit: 'full' },
    target: { throughput: 0.8 },
  },
  {
    name: 'verify-no-address',
    title: 'verify, addresses not recorded',
    request: 'get',
    layers: { identify: true, limits: true, roles: true, audit: 'without-address' },
  },
  { name: 'get-path', title: 'GET: path alone', request: 'get', layers: {}, byName: true },
  {
    name: 'get-identify',
    title: 'GET: + identify',
    request: 'get',
    layers: { identify: true },
    byName: true,
  },
  {
    name: 'get-limits',
    title: 'GET: + identify, limits',
    request: 'get',
    layers: { identify: true, limits: true },
    byName: true,
  },
  {
    name: 'get-audit',
    title: 'GET: + identify, audit',
    request: 'get',
    layers: { identify: true, audit: 'full' },
    byName: true,
  },
]

/** The arm with a name; throws if there is none. */
export function armNamed(name: string): Arm {
  const arm = ARMS.find((candidate) => candidate.name === name)
  if (arm === undefined) throw new RangeError(`no arm is named ${name}`)
  return arm
}

/** The arm that an arm is compared with. */
export const baselineOf = (arm: Arm): Arm => armNamed(arm.request === 'post' ? 'bare' : 'bare-get')

/** The named arms and their baselines; without names, all that do not have to be requested by name. */
export function armsOf(names: readonly string[] | undefined): readonly Arm[] {
  if (names === undefined) return ARMS.filter(({ byName }) => byName !== true)
  const chosen = names.map(armNamed)
  return ARMS.filter((arm) => chosen.some((one) => one === arm || baselineOf(one) === arm))
}

/** Whether its server needs the keys. */
export const usesKeys = ({ layers }: Arm): boolean => layers !== 'bare'
