import { expect, test } from 'bun:test'
import { gatewayConfig } from './index.ts'
import { judgedHeaders } from './judged-headers.ts'

test('headers that are judged by are those of schemas, those they refer to, and those of policies', () => {
  const { routes, schemas, policies } = gatewayConfig.parse({
    schemas: { shared: { type: 'object', properties: { 'x-shared': { type: 'string' } } } },
    policies: { p: { paths: ['p'], entry: 'data.p.allow', headers: ['x-policy'] } },
    routes: [
      { id: 'a', path: '/a', respond: {} },
      {
        id: 'b',
        path: '/b',
        respond: {},
        request: {
          headers: {
            required: ['x-required'],
            allOf: [{ $ref: 'shared' }, { properties: { 'x-part': { type: 'string' } } }],
          },
        },
      },
    ],
  })
  expect(judgedHeaders({ routes, schemas, policies }).toSorted()).toEqual([
    'x-part',
    'x-policy',
    'x-required',
    'x-shared',
  ])
  expect(judgedHeaders({ routes: routes.slice(0, 1), schemas, policies: {} })).toEqual([])
})
