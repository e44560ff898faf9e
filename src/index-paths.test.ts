import { afterAll, expect, test } from 'bun:test'
import { createGate } from './index.ts'

/** Paths that an upstream may read otherwise lead to no other route than the one it would read. */

const respond = (body: string) => ({ respond: { body }, credentials: ['anonymous' as const] })
const gate = await createGate({
  config: {
    bans: { enabled: false },
    routes: [
      { id: 'public', path: '/{rest...}', ...respond('public') },
      { id: 'admin', path: '/admin/{rest...}', respond: { body: 'admin' } },
      { id: 'item', path: '/items/{id}', ...respond('item') },
      { id: 'matrix', path: '/items;v=2/{id}', ...respond('matrix') },
      { id: 'hosted', host: 'a.example', path: '/own/{rest...}', respond: { body: 'own' } },
    ],
  },
})
afterAll(() => gate.close())

const ask = async (path: string, host = 'localhost'): Promise<string> => {
  const response = await gate.fetch(new Request(`http://${host}${path}`))
  return response.status === 200 ? response.text() : `${response.status}`
}

test.each([
  '/admin;x/users',
  '/admin;/users',
  '/admin%3bx=1/users',
  '/;x/admin/users',
  '/;/admin/users',
  '/items;x/7',
  '/items/;x',
])('%s, which leads to another route without its parameters, is refused', async (path) => {
  expect(await ask(path)).toBe('400')
})

test('the routes of the host are those that count', async () => {
  expect(await ask('/own;x/a')).toBe('public')
  expect(await ask('/own;x/a', 'a.example')).toBe('400')
})

test.each([
  ['/a;x/b', 'public'],
  ['/a/b;x=1;y=2', 'public'],
  ['/a%3Bb', 'public'],
  ['/items/7;x=1', 'item'],
  ['/items;v=2/7', 'matrix'],
  ['/admin/a;x', '401'],
])('%s leads where it leads without its parameters: %s', async (path, answer) => {
  expect(await ask(path)).toBe(answer)
})
