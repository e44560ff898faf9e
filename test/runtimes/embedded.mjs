// Runs on any runtime: embeds the built package and says what it saw as one line of JSON.
const { createGate, defineConfig } = await import(process.argv[2])

const config = defineConfig({
  bans: { enabled: false },
  limits: {
    few: { kind: 'bucket', limit: 100, window: '1h' },
    one: { kind: 'concurrency', limit: 1, by: 'route' },
  },
  routes: [
    {
      id: 'item',
      path: '/items/{id}',
      methods: ['PUT'],
      permission: 'item:write',
      limits: ['few'],
      request: {
        body: { type: 'object', required: ['name'], properties: { name: { pattern: '^[a-z]+$' } } },
      },
      handler: true,
    },
    ...['moved', 'passed', 'failed'].map((id) => ({
      id,
      path: `/${id}`,
      credentials: ['anonymous'],
      limits: ['one'],
      handler: true,
    })),
  ],
})

/** Answers whose headers a runtime may not let anybody change, and one that is none. */
const ready = {
  moved: () => Response.redirect('http://localhost/elsewhere'),
  passed: () => fetch('data:text/plain,from elsewhere'),
  failed: () => Response.error(),
}
const gate = await createGate({
  config,
  handler: (_request, { route, caller, parameters, body }) =>
    ready[route]?.() ?? Response.json({ tenant: caller.tenantId, parameters, body }),
})

const put = (key, body) =>
  gate.fetch(
    new Request('http://localhost/items/7', {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
    }),
  )

await gate.identity.tenants.create({ id: 'acme', name: 'Acme' })
const made = await gate.identity.keys.create('acme', { name: 'k', permissions: ['item:*'] })
const { secret, after } = made.value
const good = await put(secret, { name: 'abc' })
const seen = {
  answer: await good.json(),
  limited: good.headers.get('ratelimit-policy'),
  unknown: (await put('tg_live_nonsense', { name: 'abc' })).status,
  missing: (await put(undefined, { name: 'abc' })).status,
  invalid: (await put(secret, { name: 'A1' })).status,
}

/** Far more than a body may have, announced by nothing, sent as it is asked for. */
let sentKiB = 0
const endless = new ReadableStream({
  pull(controller) {
    sentKiB += 64
    if (sentKiB > 65_536) controller.close()
    else controller.enqueue(new Uint8Array(65_536).fill(0x20))
  },
})
const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
const oversized = new Request('http://localhost/items/7', {
  method: 'PUT',
  body: endless,
  duplex: 'half',
  headers,
})
seen.oversized = (await gate.fetch(oversized)).status
seen.readAhead = sentKiB > 8192
const used = new Request('http://localhost/items/7', { method: 'PUT', body: '{}', headers })
await used.text()
seen.used = (await gate.fetch(used)).status
const statuses = await Promise.all(
  Array.from({ length: 500 }, async () => (await put(secret, { name: 'abc' })).status),
)
seen.admitted = statuses.filter((status) => status === 200).length
seen.ready = []
for (const path of ['/moved', '/passed', '/failed', '/moved', '/passed']) {
  const answer = await gate.fetch(new Request(`http://localhost${path}`))
  seen.ready.push([answer.status, answer.headers.get('ratelimit-policy')])
}
await gate.identity.keys.revoke('acme', after.id)
seen.revoked = (await put(secret, { name: 'abc' })).status
await gate.ledger.flush()
seen.audit = (await gate.ledger.verify()).ok
await gate.close()
console.log(JSON.stringify(seen))
