import { describe, expect, test } from 'bun:test'
import { parsePattern } from './pattern.ts'
import { bindParameters, createRouter, patternText, RouteConflictError } from './router.ts'

function route(pattern: string, methods: readonly string[] = ['GET']) {
  const parsed = parsePattern(pattern)
  if (!parsed.ok) throw new Error(parsed.reason)
  return { segments: parsed.segments, methods, target: `${methods.join()} ${pattern}` }
}

function lookup(patterns: readonly ReturnType<typeof route>[], path: string, method = 'GET') {
  const match = createRouter(patterns).find(path)
  const bound = match?.methods.get(method)
  return bound && [bound.target, bindParameters(bound.names, match?.values ?? [])]
}

describe('routes', () => {
  test('a literal segment wins over a parameter, a parameter over a rest', () => {
    const routes = [route('/a/{rest...}'), route('/a/{id}'), route('/a/me')]
    expect(lookup(routes, '/a/me')).toEqual(['GET /a/me', undefined])
    expect(lookup(routes, '/a/you')).toEqual(['GET /a/{id}', { id: 'you' }])
    expect(lookup(routes, '/a/you/too')).toEqual(['GET /a/{rest...}', { rest: 'you/too' }])
  })

  test('the search turns back when the literal branch ends nowhere', () => {
    const routes = [route('/a/me/x'), route('/a/{id}/y')]
    expect(lookup(routes, '/a/me/y')).toEqual(['GET /a/{id}/y', { id: 'me' }])
  })

  test('methods of one path may name its parameter differently', () => {
    const routes = [route('/a/{id}'), route('/a/{name}', ['PUT'])]
    expect(lookup(routes, '/a/1', 'PUT')).toEqual(['PUT /a/{name}', { name: '1' }])
    expect(lookup(routes, '/a/1')).toEqual(['GET /a/{id}', { id: '1' }])
  })

  test('a parameter never matches an empty segment, and a trailing slash is another path', () => {
    const routes = [route('/a/{id}'), route('/b')]
    expect(lookup(routes, '/a/')).toBeUndefined()
    expect(lookup(routes, '/b/')).toBeUndefined()
  })

  test('the same path and method claimed twice is refused', () => {
    expect(() => createRouter([route('/a/{id}'), route('/a/{name}')])).toThrow(RouteConflictError)
  })

  test('patterns read and print to the same text', () => {
    for (const text of ['/', '/a', '/a/{id}/b', '/files/{path...}', '/a/']) {
      const parsed = parsePattern(text)
      expect(parsed.ok && patternText(parsed.segments)).toBe(text)
    }
  })

  test.each(['a', '/a//b', '/{a}/{a}', '/{a...}/b', '/{1}', '/a b'])(
    '%p is not a pattern',
    (text) => {
      expect(parsePattern(text).ok).toBe(false)
    },
  )

  test.each([
    ['/items/:id', 'a parameter is written {id}, not :id'],
    ['/files/*', 'what follows is written {rest...}, not *'],
    ['/files/**', 'what follows is written {rest...}, not **'],
  ])('%p, as other routers write it, says how it is written here', (text, reason) => {
    expect(parsePattern(text)).toEqual({ ok: false, reason })
  })

  test.each(['/v1/items:batch', '/a*b', '/~:80'])('%p is a path like any other', (text) => {
    expect(parsePattern(text).ok).toBe(true)
  })
})
