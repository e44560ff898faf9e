import { generateKeyPairSync, sign } from 'node:crypto'
import type { Value } from '../../src/rego/index.ts'

/** One policy, with data and inputs that take different paths through it. */
export interface Scenario {
  readonly name: string
  readonly module: string
  readonly entry: string
  readonly data: Value
  readonly inputs: Readonly<Record<string, Value>>
}

function range<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

const RBAC: Scenario = {
  name: 'RBAC',
  entry: 'data.rbac.allow',
  module: `package rbac

default allow := false

allow if "admin" in input.user.roles

allow if {
	some role in input.user.roles
	some grant in data.grants[role]
	grant.action == input.action
	grant.type == input.resource.type
}
`,
  data: {
    grants: {
      engineer: [
        { action: 'read', type: 'server' },
        { action: 'write', type: 'server' },
      ],
      auditor: [{ action: 'read', type: 'log' }],
      support: [
        { action: 'read', type: 'ticket' },
        { action: 'close', type: 'ticket' },
      ],
    },
  },
  inputs: {
    allow: {
      user: { roles: ['auditor', 'engineer'] },
      action: 'write',
      resource: { type: 'server' },
    },
    'deny early': { action: 'write', resource: { type: 'server' } },
    'full path': {
      user: { roles: ['auditor', 'support'] },
      action: 'write',
      resource: { type: 'server' },
    },
  },
}

const TENANTS: Scenario = {
  name: 'tenant attributes',
  entry: 'data.tenants.allow',
  module: `package tenants

default allow := false

allow if {
	not blocked
	same_tenant
	some rule in data.rules[input.resource.kind]
	input.action in rule.actions
	permitted(rule)
	every tag in rule.required_tags { tag in input.resource.tags }
}

same_tenant if input.user.tenant == input.resource.tenant

same_tenant if {
	some share in data.shares
	share.from == input.resource.tenant
	share.to == input.user.tenant
}

permitted(rule) if rule.level <= data.levels[input.user.id]

permitted(rule) if {
	rule.owner
	input.resource.owner == input.user.id
}

blocked if input.user.id in data.blocked

blocked if input.user.suspended == true
`,
  data: {
    blocked: range(20, (i) => `blocked${String(i)}`),
    levels: Object.fromEntries(range(200, (i) => [`user${String(i)}`, i % 10])),
    shares: range(10, (i) => ({ from: `t${String(i)}`, to: `t${String(i + 1)}` })),
    rules: {
      document: [
        { actions: ['read'], level: 1, required_tags: [] },
        { actions: ['write', 'delete'], level: 9, required_tags: ['draft'], owner: true },
      ],
    },
  },
  inputs: {
    allow: {
      user: { id: 'user5', tenant: 't1' },
      action: 'delete',
      resource: { kind: 'document', tenant: 't1', owner: 'user5', tags: ['draft', 'x'] },
    },
    'deny early': {
      user: { id: 'blocked3', tenant: 't1' },
      action: 'read',
      resource: { kind: 'document', tenant: 't1' },
    },
    'full path': {
      user: { id: 'user5', tenant: 't6' },
      action: 'delete',
      resource: { kind: 'document', tenant: 't5', owner: 'user9', tags: ['draft'] },
    },
  },
}

const NETWORK: Scenario = {
  name: 'network CIDR',
  entry: 'data.network.allow',
  module: `package network

default allow := false

allow if {
	some net in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
	net.cidr_contains(net, input.source)
	input.port in {22, 443, 8443}
	not net_blocked
}

net_blocked if net.cidr_contains("10.66.0.0/16", input.source)
`
    .replaceAll('some net in', 'some block in')
    .replaceAll('net.cidr_contains(net,', 'net.cidr_contains(block,'),
  data: {},
  inputs: {
    allow: { source: '192.168.4.7', port: 443 },
    'deny early': { port: 443 },
    'full path': { source: '8.8.8.8', port: 443 },
  },
}

const CLAIMS: Scenario = {
  name: 'JWT claims',
  entry: 'data.claims.allow',
  module: `package claims

default allow := false

claims := io.jwt.decode(input.token)[1]

allow if {
	claims.iss == "https://issuer.example"
	"api" in claims.aud
	claims.exp > input.now
	scopes := split(claims.scope, " ")
	input.scope in scopes
}
`,
  data: {},
  inputs: claimInputs(),
}

function claimInputs(): Record<string, Value> {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (iss: string, scope: string): string =>
    `${encode({ alg: 'none' })}.${encode({ iss, aud: ['api'], exp: 2_000_000_000, scope })}.c2ln`
  const good = 'https://issuer.example'
  return {
    allow: { token: token(good, 'read write'), scope: 'write', now: 1_700_000_000 },
    'deny early': {
      token: token('https://other.example', 'read'),
      scope: 'write',
      now: 1_700_000_000,
    },
    'full path': { token: token(good, 'read list'), scope: 'write', now: 1_700_000_000 },
  }
}

const VERIFIED: Scenario = {
  name: 'JWT verified',
  entry: 'data.verified.allow',
  module: `package verified

default allow := false

constraints := {"cert": data.verification_key, "iss": "https://issuer.example", "aud": "api"}

allow if {
	[valid, _, claims] := io.jwt.decode_verify(input.token, constraints)
	valid
	input.scope in split(claims.scope, " ")
}
`,
  ...verifiedData(),
}

/** Tokens signed with ES256, and the key to verify them with. */
function verifiedData(): Pick<Scenario, 'data' | 'inputs'> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (scope: string): string => {
    const claims = { iss: 'https://issuer.example', aud: 'api', exp: 4_000_000_000, scope }
    const text = `${encode({ alg: 'ES256' })}.${encode(claims)}`
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }
  return {
    data: { verification_key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    inputs: {
      allow: { token: token('read write'), scope: 'write' },
      'deny early': { scope: 'write' },
      'full path': { token: token('read list'), scope: 'write' },
    },
  }
}

const GRAPH_SIZE = 100_000
const GRAPH: Scenario = {
  name: `role graph ${String(GRAPH_SIZE)}`,
  entry: 'data.graph.allow',
  module: `package graph

default allow := false

roles := graph.reachable(data.parents, {input.role})

allow if {
	some role in roles
	input.permission in data.permissions[role]
}
`,
  data: {
    parents: Object.fromEntries(
      range(GRAPH_SIZE, (i) => [`r${String(i)}`, i === 0 ? [] : [`r${String(Math.floor(i / 2))}`]]),
    ),
    permissions: { r0: ['all.read'], r1: ['all.write'] },
  },
  inputs: {
    allow: { role: `r${String(GRAPH_SIZE - 1)}`, permission: 'all.read' },
    'deny early': { permission: 'all.read' },
    'full path': { role: `r${String(GRAPH_SIZE - 1)}`, permission: 'all.delete' },
  },
}

function membership(size: number): Scenario {
  const n = String(size)
  return {
    name: `membership in ${n}`,
    entry: `data.members${n}.allow`,
    module: `package members${n}\n\ndefault allow := false\n\nallow if input.user in data.users${n}\n`,
    data: { [`users${n}`]: range(size, (i) => `user${String(i)}`) },
    inputs: {
      allow: { user: `user${String(size - 1)}` },
      'deny early': {},
      'full path': { user: 'nobody' },
    },
  }
}

/** The policies that are measured, without the large one. */
export const SCENARIOS: readonly Scenario[] = [
  RBAC,
  TENANTS,
  NETWORK,
  CLAIMS,
  VERIFIED,
  GRAPH,
  ...[32, 1000, 100_000].map(membership),
]

/** A policy of about the given number of bytes: one rule for each role. */
export function largePolicy(bytes: number): Scenario {
  const rules: string[] = ['package large\n\ndefault allow := false\n']
  let length = 0
  for (let i = 0; length < bytes; i++) {
    const n = String(i)
    const rule = `\nallow if {\n\tinput.method == "GET"\n\tinput.user.role == "role${n}"\n\tinput.user.level > ${String(i % 10)}\n\tstartswith(input.path, "/items/${n}/")\n\tnot input.banned["user${n}"]\n}\n`
    rules.push(rule)
    length += rule.length
  }
  const user = { role: 'role1000', level: 20 }
  return {
    name: `policy of ${String(Math.round(bytes / 1e6))} MB`,
    entry: 'data.large.allow',
    module: rules.join(''),
    data: {},
    inputs: {
      allow: { method: 'GET', user, path: '/items/1000/x', banned: {} },
      'deny early': { method: 'GET', path: '/items/1000/x' },
      'full path': { method: 'GET', user, path: '/items/1001/x', banned: {} },
    },
  }
}
