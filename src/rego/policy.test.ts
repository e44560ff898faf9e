import { describe, expect, test } from 'bun:test'
import { compile, parseJson, RegoError, RSet, toJson } from './index.ts'
import type { Builtin, CompileOptions, Value } from './index.ts'

const BACKENDS = ['source', 'closures'] as const

function policyOf(
  source: string,
  options: Partial<CompileOptions> = {},
): ReturnType<typeof compile> {
  return compile({ ...options, modules: { 'p.rego': `package p\n\n${source}\n` } })
}

describe.each(BACKENDS)('a compiled policy (%s)', (backend) => {
  test('answers values, bindings and prepared decisions alike', () => {
    const policy = policyOf('allow if input.x == 1\nnames contains n if some n in data.names', {
      backend,
      data: { names: ['a', 'b'] },
    })
    expect(policy.evaluate('data.p.allow', { x: 1 })).toBe(true)
    expect(policy.evaluate('data.p.allow', { x: 2 })).toBeUndefined()
    expect(policy.evaluate('data.p.allow')).toBeUndefined()
    expect(policy.prepare('data.p.allow')({ x: 1 })).toBe(true)
    expect(policy.query('data.p.names[x]; y := x')).toEqual([
      { x: 'a', y: 'a' },
      { x: 'b', y: 'b' },
    ])
    expect(policy.query('x = input.s[_]', { inputTerm: '{"s": {1, {2}}}' })).toHaveLength(2)
  })

  test('keeps its data, and takes other data without compiling again', () => {
    const policy = policyOf('role := data.roles[input.user]', {
      backend,
      data: { roles: { ann: 'admin' } },
    })
    const before = policy.prepare('data.p.role')
    const changed = policy.withData({ roles: { ann: 'guest' } })
    const after = changed.prepare('data.p.role')
    expect([before({ user: 'ann' }), after({ user: 'ann' })]).toEqual(['admin', 'guest'])
    expect(policy.evaluate('data.p.role', { user: 'ann' })).toBe('admin')
  })

  test('what only data decides is computed once for each data', () => {
    let calls = 0
    const counted: Builtin = {
      name: 'counted',
      args: [{ kind: 'any' }],
      result: { kind: 'any' },
      call: (_context, [value]) => (calls++, value),
    }
    const policy = policyOf(
      'fixed := counted(data.x)\nown := counted(input.x)\nboth := [fixed, own]',
      {
        backend,
        data: { x: 1 },
        builtins: [counted],
      },
    )
    const both = policy.prepare('data.p.both')
    expect([both({ x: 2 }), both({ x: 3 })]).toEqual([
      [1, 2],
      [1, 3],
    ])
    expect(calls).toBe(3)
    expect(policy.withData({ x: 9 }).evaluate('data.p.both', { x: 2 })).toEqual([9, 2])
  })

  test('a rule is evaluated once in a decision, and again inside `with`', () => {
    let calls = 0
    const counted: Builtin = {
      name: 'counted',
      args: [{ kind: 'any' }],
      result: { kind: 'any' },
      call: (_context, [value]) => (calls++, value),
    }
    const policy = policyOf(
      'x := counted(input.n)\nq := [x, x, y]\ny := v if v := x with input.n as 7\nz := [x, y, x]',
      { backend, builtins: [counted] },
    )
    expect(policy.evaluate('data.p.q', { n: 1 })).toEqual([1, 1, 7])
    expect(calls).toBe(2)
    expect(policy.evaluate('data.p.z', { n: 2 })).toEqual([2, 7, 2])
  })

  test('an error leaves nothing behind for the next decision', () => {
    const policy = policyOf(
      'p := x if {\n\tx := q with data.a as 5\n}\nq := 1 if input.bad\nq := data.a',
      {
        backend,
        data: { a: 0 },
      },
    )
    const decide = policy.prepare('data.p.p')
    expect(() => decide({ bad: true })).toThrow(RegoError)
    expect(decide({})).toBe(5)
    expect(policy.evaluate('data.p.q', {})).toBe(0)
  })

  test('looking up a key of a partial rule does not build the rest', () => {
    const policy = policyOf('heavy[x] := y if {\n\tsome y in [data.big[x]]\n}\np := heavy.k7', {
      backend,
      data: {
        big: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${String(i)}`, i])),
      },
      steps: 100,
    })
    expect(policy.evaluate('data.p.p')).toBe(7)
    expect(() => policy.evaluate('data.p.heavy')).toThrow('step budget exhausted')
  })

  test('grouping with a comprehension takes linear time', () => {
    const users = Array.from({ length: 3000 }, (_, i) => ({ id: i, group: `g${String(i % 300)}` }))
    const policy = policyOf(
      'groups[g] := ids if {\n\tsome user in data.users\n\tg := user.group\n\tids := [x.id | some x in data.users; x.group == g]\n}',
      { backend, data: { users }, steps: 50_000 },
    )
    const groups = policy.evaluate('data.p.groups') as Record<string, Value>
    expect(groups['g7']).toEqual(Array.from({ length: 10 }, (_, i) => 7 + i * 300))
  })

  test('an index finds the rules that can succeed, with any kind of value', () => {
    const rules = Array.from(
      { length: 300 },
      (_, i) => `r := ${String(i)} if input.k == ${i % 2 === 0 ? String(i) : `"${String(i)}"`}`,
    )
    const policy = policyOf(
      `${rules.join('\n')}\nr := "null" if input.k == null\nr := "any" if input.other`,
      { backend },
    )
    const decide = policy.prepare('data.p.r')
    expect([8, '7', 7, '8', null, 8.5].map((k) => decide({ k }))).toEqual([
      8,
      7,
      undefined,
      undefined,
      'null',
      undefined,
    ])
    expect(decide({ k: {}, other: 1 })).toBe('any')
    expect(() => decide({ k: 8, other: 1 })).toThrow(
      'complete rules must not produce multiple outputs',
    )
  })

  test('built-ins that reach out are awaited, each call once', async () => {
    const asked: Value[] = []
    const lookup: Builtin = {
      name: 'directory.find',
      args: [{ kind: 'string' }],
      result: { kind: 'any' },
      async: true,
      nondeterministic: true,
      call: () => undefined,
      callAsync: (_context, [name]) => {
        asked.push(name!)
        return Promise.resolve({ level: name === 'ann' ? 9 : 1 })
      },
    }
    const policy = policyOf(
      'level := directory.find(input.user).level\nallow if level > 5\nallow if directory.find("boss").level > 5',
      { backend, builtins: [lookup] },
    )
    expect(await policy.evaluateAsync('data.p.allow', { user: 'ann' })).toBe(true)
    expect(asked).toEqual(['ann'])
    expect(await policy.evaluateAsync('data.p.allow', { user: 'bob' })).toBeUndefined()
    expect(asked).toEqual(['ann', 'bob', 'boss'])
    expect(policy.evaluate('data.p.allow', { user: 'ann' })).toBeUndefined()
  })

  test('a built-in may evaluate the same policy again', () => {
    const again: Builtin = {
      name: 'again',
      args: [{ kind: 'number' }],
      result: { kind: 'any' },
      call: (_context, [n]) => policy.evaluate('data.p.twice', { n: n! }),
    }
    const policy: ReturnType<typeof compile> = policyOf(
      'twice := input.n * 2\nr := [twice, again(10), twice]',
      { backend, builtins: [again] },
    )
    expect(policy.evaluate('data.p.r', { n: 1 })).toEqual([2, 20, 2])
  })

  test('sets, large numbers and other keys pass through without loss', () => {
    const policy = policyOf('n := input.n + 1\ns := {input.n, 1}\no := {[1]: 2}[[1]]', { backend })
    const input = parseJson('{"n": 12345678901234567890}')
    expect(policy.evaluate('data.p.s', input)).toBeInstanceOf(RSet)
    expect(policy.evaluate('data.p.o')).toBe(2)
    expect(policy.query('data.p.n == 12345678901234567891', { input })).toEqual([{}])
  })

  test('time and randomness are the host’s', () => {
    const policy = policyOf('now := time.now_ns()\nsame if time.now_ns() == now', {
      backend,
      clock: () => 42n,
    })
    expect(policy.evaluate('data.p.now')).toBe(42)
    expect(policy.evaluate('data.p.same')).toBe(true)
  })

  test('an input that the host changes in place is seen as it is', () => {
    const policy = policyOf(
      'p if "x" in input.list\nq if { l := input.list; some i in [1, 2]; "x" in l }',
      {
        backend,
      },
    )
    const list = Array.from({ length: 40 }, (_, i) => `m${i}`)
    const ask = () => [policy.evaluate('data.p.p', { list }), policy.evaluate('data.p.q', { list })]
    for (let round = 0; round < 3; round++) expect(ask()).toEqual([undefined, undefined])
    list.push('x')
    for (let round = 0; round < 3; round++) expect(ask()).toEqual([true, true])
    list.pop()
    expect(ask()).toEqual([undefined, undefined])
  })

  test('members of data are found in it, and in what stands in its place for a while', () => {
    const long = (first: string): string[] => [
      first,
      ...Array.from({ length: 40 }, (_, i) => `m${i}`),
    ]
    const policy = policyOf('p if input.x in data.list\nq if p with data.list as input.list', {
      backend,
      data: { list: long('a') },
    })
    const ask = (x: string, list: string[]) => [
      policy.evaluate('data.p.p', { x, list }),
      policy.evaluate('data.p.q', { x, list }),
    ]
    const list = long('b')
    for (let round = 0; round < 3; round++) {
      expect(ask('a', list)).toEqual([true, undefined])
      expect(ask('b', list)).toEqual([undefined, true])
    }
    list[0] = 'a'
    expect(ask('b', list)).toEqual([undefined, undefined])
    expect(ask('a', list)).toEqual([true, true])
    const other = policy.withData({ list: long('c') })
    expect(other.evaluate('data.p.p', { x: 'c' })).toBe(true)
    expect(other.evaluate('data.p.p', { x: 'a' })).toBeUndefined()
  })

  test('walks over a graph of data are those over the graph there is', () => {
    const policy = policyOf(
      `p := graph.reachable(data.g, {input.from})
q := graph.reachable(data.g, [input.from, "z"])
r := x if x := p with data.g as {"a": ["w"], "w": []}
s := graph.reachable(input.g, {input.from})`,
      { backend, data: { g: { a: ['b'], b: ['c'], c: [], z: [] } } },
    )
    const g: Record<string, string[]> = { a: [] }
    const ask = (rule: string, from: string) =>
      toJson(policy.evaluate(`data.p.${rule}`, { from, g }) ?? null)
    for (let round = 0; round < 3; round++) {
      expect([ask('p', 'a'), ask('p', 'b')]).toEqual([
        ['a', 'b', 'c'],
        ['b', 'c'],
      ])
      expect(ask('q', 'b')).toEqual(['b', 'c', 'z'])
      expect(ask('r', 'a')).toEqual(['a', 'w'])
      expect(ask('s', 'a')).toEqual(['a'])
    }
    g['a'] = ['k']
    g['k'] = []
    expect(ask('s', 'a')).toEqual(['a', 'k'])
    const other = policy.withData({ g: { a: [] } })
    expect(toJson(other.evaluate('data.p.p', { from: 'a' }) ?? null)).toEqual(['a'])
  })

  test('what a comprehension gives may be bound after it', () => {
    const policy = policyOf('p := x if { some y; x := [y | z := 1]; y = input.a }', { backend })
    expect(policy.evaluate('data.p.p', { a: 7 })).toEqual([7])
    const looped = `f(x, y) := {y | [y | z := [0 | some w in [1]]] <= input.a[y]}
p := [x | some i in [1, 2]; x := f(i, "k")]`
    expect(policyOf(looped, { backend }).evaluate('data.p.p', { a: { k: ['z'] } })).toHaveLength(2)
  })

  test('heads may have numbers as keys that no double holds', () => {
    const policy = policyOf(
      'p[12345678901234567890] := 1\np[0.5] := 2\nq := p[12345678901234567890]',
      {
        backend,
      },
    )
    expect(policy.evaluate('data.p.q')).toBe(1)
    expect(policy.query('data.p.p[k] = v')).toHaveLength(2)
  })

  test('printed values reach the host, undefined ones too', () => {
    const lines: string[] = []
    const policy = policyOf('p if { print("x", input.y, [1]) }', {
      backend,
      print: (line) => lines.push(line),
    })
    expect(policy.evaluate('data.p.p')).toBe(true)
    expect(lines).toEqual(['x <undefined> [1]'])
  })
})

describe('what a policy depends on', () => {
  const source = `allow if {
	input.user.name == data.owner
	helper(input.action)
	not late
}

helper(x) if x in data.actions

late if time.now_ns() > input.deadline

plain := 1

everything := input`

  test('paths of input and data, through rules and functions, and what changes by itself', () => {
    const policy = policyOf(source)
    expect(policy.dependencies('data.p.allow')).toEqual({
      input: ['/action', '/deadline', '/user/name'],
      data: ['/actions', '/owner'],
      nondeterministic: ['time.now_ns'],
    })
    expect(policy.dependencies('data.p.plain')).toEqual({
      input: [],
      data: [],
      nondeterministic: [],
    })
    expect(policy.dependencies('data.p.everything').input).toEqual([''])
  })
})

describe('large policies', () => {
  test('are decided as small ones are', () => {
    const rules = Array.from(
      { length: 9000 },
      (_, i) =>
        `allow if {\n\tinput.role == "role${String(i)}"\n\tinput.level > ${String(i % 10)}\n\tok(input.name)\n}\n`,
    )
    const text = `default allow := false\n\n${rules.join('\n')}\nok(name) if startswith(name, "a")\n`
    expect(text.length).toBeGreaterThan(600_000)
    for (const backend of BACKENDS) {
      const decide = policyOf(text, { backend }).prepare('data.p.allow')
      expect(decide({ role: 'role8007', level: 8, name: 'ann' })).toBe(true)
      expect(decide({ role: 'role8007', level: 7, name: 'ann' })).toBe(false)
      expect(decide({ role: 'role8007', level: 8, name: 'bob' })).toBe(false)
      expect(decide({ role: 'none', level: 8, name: 'ann' })).toBe(false)
    }
  }, 60_000)
})

describe('Rego v0', () => {
  test('bodies without `if`, partial sets in brackets, keywords as names', () => {
    const policy = compile({
      modules: {
        'v0.rego':
          'package v0\n\nin = 1\n\ns[x] { x = data.xs[_] }\n\no[k] = v { v = data.xs[k] }\n\nallow { s[2]; in == 1 }\n\nf(x) = y { y = x + 1 }\n',
      },
      data: { xs: [1, 2] },
      regoVersion: 0,
    })
    expect(policy.evaluate('data.v0.allow')).toBe(true)
    expect(policy.query('data.v0.f(1) = x')).toEqual([{ x: 2 }])
    expect(policy.query('data.v0.s[x]')).toEqual([{ x: 1 }, { x: 2 }])
  })

  test('imports turn keywords on', () => {
    const policy = compile({
      modules: {
        'v0.rego': 'package v0\n\nimport future.keywords\n\ns contains x if some x in [1, 2]\n',
      },
      regoVersion: 0,
    })
    expect(policy.query('data.v0.s[2]')).toEqual([{}])
    expect(() =>
      compile({
        modules: { 'a.rego': 'package a\nimport rego.v1\nallow { true }' },
        regoVersion: 0,
      }),
    ).toThrow('`if` keyword is required')
  })
})
