import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import type { ConfigOutcome } from './index.ts'
import { duration, name, secret, size } from './fields.ts'
import { loadConfig, reference, renderConfigErrors } from './index.ts'

const schema = z
  .strictObject({
    port: z.number().int().min(1).max(65_535).default(8080),
    upstreams: z.record(name(), z.strictObject({ url: z.url(), timeout: duration().optional() })),
    routes: z
      .array(
        z.strictObject({
          path: z.string(),
          upstream: z.string(),
          methods: z.array(z.enum(['GET', 'PUT', 'POST', 'DELETE'])).optional(),
          bodyMax: size().optional(),
          cache: z
            .discriminatedUnion('kind', [
              z.strictObject({ kind: z.literal('off') }),
              z.strictObject({ kind: z.literal('shared'), seconds: z.number() }),
            ])
            .optional(),
          audit: z.union([z.boolean(), z.strictObject({ sample: z.number() })]).optional(),
        }),
      )
      .max(3),
    storage: z.strictObject({ password: secret(), verbose: z.boolean().default(false) }).optional(),
  })
  .superRefine((value, context) => {
    for (const [index, route] of value.routes.entries()) {
      const path = ['routes', index, 'upstream']
      reference(context, 'upstream', Object.keys(value.upstreams), route.upstream, path)
    }
  })

const world = {
  environment: { PORT: '9090', SECRET: 'hunter2hunter2', EMPTY: '', API_HOST: 'example.test' },
  readFile: async (path: string) => {
    if (path === 'secrets/pw') return 'from-a-file\n'
    throw new Error('no such file')
  },
}

const load = (text: string): Promise<ConfigOutcome<z.output<typeof schema>>> =>
  loadConfig({ path: 'tollgate.yaml', text, schema, ...world })

async function drawn(text: string): Promise<string> {
  const outcome = await load(text)
  return outcome.ok ? '' : renderConfigErrors(outcome.errors, { color: false })
}

const GOOD = `
port: \${PORT}
upstreams:
  engram: { url: 'http://\${API_HOST}:\${API_PORT:-7000}/', timeout: 30s }
routes:
  - path: /api/*
    upstream: engram
    bodyMax: 16KiB
storage:
  password: \${file:secrets/pw}
  verbose: \${VERBOSE:-true}
`

describe('a correct file', () => {
  test('is read, interpolated, converted and defaulted', async () => {
    const outcome = await load(GOOD)
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        port: 9090,
        upstreams: { engram: { url: 'http://example.test:7000/', timeout: 30_000 } },
        routes: [{ path: '/api/*', bodyMax: 16_384 }],
        storage: { password: 'from-a-file', verbose: true },
      },
      warnings: [],
    })
    expect(outcome.ok && [...outcome.secretPaths]).toEqual(['storage.password'])
  })

  test('is warned of a secret that stands in it, without the secret', async () => {
    const outcome = await load('upstreams: {}\nroutes: []\nstorage:\n  password: swordfish\n')
    if (!outcome.ok) throw new Error('refused')
    const text = renderConfigErrors(outcome.warnings, { color: false }, 'warning')
    expect(text).toContain('tollgate.yaml:4:3: warning: this secret stands in the file')
    expect(text).not.toContain('swordfish')
  })

  test('may keep a literal placeholder by doubling the dollar', async () => {
    const outcome = await load(
      "upstreams: {a: {url: 'http://a'}}\nroutes: [{path: '/$${x}', upstream: a}]",
    )
    expect(outcome).toMatchObject({ ok: true, value: { routes: [{ path: '/${x}' }] } })
  })

  test('tells the place of what is found wrong later', async () => {
    const outcome = await load(GOOD)
    if (!outcome.ok) throw new Error('refused')
    const error = outcome.errorAt(['routes', 0, 'upstream'], 'has no targets')
    expect(error).toMatchObject({ line: 7, column: 15, path: 'routes[0].upstream' })
  })

  test('may be a module with a default export, placeholders included', async () => {
    const outcome = await loadConfig({
      path: '/etc/tollgate.config.ts',
      schema,
      ...world,
      importModule: async () => ({ default: { port: '${PORT}', upstreams: {}, routes: [] } }),
    })
    expect(outcome).toMatchObject({ ok: true, value: { port: 9090 } })
  })
})

describe('a wrong file says what is wrong, all at once, in the order of the file', () => {
  test('unknown keys, wrong types, wrong choices, wrong references', async () => {
    const text = `port: 80800
upstrems: {}
upstreams:
  engram:
    url: not a url
    timeout: 30
routes:
  - path: /a
    upstream: engarm
    methods: [GET, PSOT]
    bodyMax: 16KB
  - upstream: engram
    cache: { kind: shred }
    audit: { smaple: 1 }
  - just text
`
    const whole = await drawn(text)
    expect(whole).toMatchSnapshot()
    // A reference is checked only once the shape is right.
    const references = await drawn(
      'upstreams: {engram: {url: "http://a"}}\nroutes: [{path: /a, upstream: engarm}]',
    )
    expect(references).toMatchSnapshot()
  })

  test.each([
    ['duplicate key', 'port: 1\nport: 2\n'],
    ['broken YAML', 'routes: [\nport: 1\n'],
    ['unknown tag', 'port: !exec rm\n'],
    ['alias without anchor', 'port: *nothing\n'],
    ['two documents', 'port: 1\n---\nport: 2\n'],
    ['no mapping at all', '- a\n- b\n'],
    ['an empty file', ''],
    ['too many items', 'upstreams: {}\nroutes: [{}, {}, {}, {}]\n'],
    ['a name that is no name', 'upstreams: { Engram!: { url: "http://a" } }\nroutes: []\n'],
    ['a missing variable', 'port: ${PROT}\nupstreams: {}\nroutes: []\n'],
    ['an empty variable', 'port: ${EMPTY}\nupstreams: {}\nroutes: []\n'],
    ['a malformed placeholder', 'port: ${1+1}\nupstreams: {}\nroutes: []\n'],
    ['a missing file', 'upstreams: {}\nroutes: []\nstorage: { password: "${file:nowhere}" }\n'],
    ['a variable of the wrong kind', 'port: ${SECRET}\nupstreams: {}\nroutes: []\n'],
  ])('%s', async (_what, text) => {
    expect(await drawn(text)).toMatchSnapshot()
  })

  test('aliases cannot multiply', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const below = level === 0 ? 'x' : `*a${level - 1}`
      return `a${level}: &a${level} [${Array.from({ length: 10 }, () => below).join(', ')}]`
    })
    expect(await drawn(levels.join('\n'))).toContain('aliases multiply')
  })

  test('nesting without end is refused, not a crash', async () => {
    expect(await drawn('['.repeat(20_000))).toContain('error')
    expect(await drawn(`port: ${'['.repeat(200)}${']'.repeat(200)}`)).toContain('levels deep')
  })

  test('a file that cannot be read', async () => {
    const outcome = await loadConfig({ path: 'gone.yaml', schema, ...world })
    expect(!outcome.ok && renderConfigErrors(outcome.errors, { color: false })).toBe(
      'gone.yaml: error: cannot be read: no such file\n',
    )
  })
})

describe('secrets stay secret', () => {
  test('no value from the environment or a file is in any error, drawn or as JSON', async () => {
    const outcome = await load(`port: \${SECRET}
upstreams: { a: { url: "\${SECRET}", timeout: "\${SECRET}" } }
routes: [{ path: /, upstream: "\${SECRET}", methods: ["\${SECRET}"], bodyMax: "\${SECRET}" }]
storage:
  password: 12345678
  pasword: hunter3hunter3
`)
    if (outcome.ok) throw new Error('accepted')
    expect(outcome.errors.length).toBeGreaterThanOrEqual(6)
    expect(JSON.stringify(outcome.errors)).not.toContain('from-a-file')
    const shown = outcome.errors.map(({ message, found, suggestion }) => [
      message,
      found,
      suggestion,
    ])
    expect(JSON.stringify(shown)).not.toContain('hunter2')
    expect(JSON.stringify(outcome.errors)).not.toContain('12345678')
    expect(JSON.stringify(outcome.errors)).not.toContain('hunter3')
  })

  test('values of secret keys and passwords in URLs are masked in quoted lines', async () => {
    const text = await drawn('rootKey: abcdefgh\nurl: postgres://me:swordfish@host/\n')
    expect(text).toContain('rootKey: ***')
    expect(text).toContain('postgres://me:***@host/')
  })
})

test('a file cannot steer the terminal', async () => {
  expect(await drawn('"\\e[2J": 1\n')).not.toContain('\u001B')
})
