import { describe, expect, test } from 'bun:test'
import { makeObject, RSet, stringifyJson, toTermText } from '../../values/index.ts'
import { BUILTINS, BuiltinError } from '../index.ts'
import { call, NOW_NS, stillContext } from './support.ts'

/** The names of OPA 1.20's capabilities. */
const NAMES = `
abs all and any array.concat array.flatten array.reverse array.slice assign base64.decode
base64.encode base64.is_valid base64url.decode base64url.encode base64url.encode_no_pad bits.and
bits.lsh bits.negate bits.or bits.rsh bits.xor cast_array cast_boolean cast_null cast_object
cast_set cast_string ceil concat contains count crypto.hmac.equal crypto.hmac.md5
crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 crypto.md5 crypto.parse_private_keys
crypto.sha1 crypto.sha256 crypto.x509.parse_and_verify_certificates
crypto.x509.parse_and_verify_certificates_with_options crypto.x509.parse_certificate_request
crypto.x509.parse_certificates crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key div
endswith eq equal floor format_int glob.match glob.quote_meta graph.reachable
graph.reachable_paths graphql.is_valid graphql.parse graphql.parse_and_verify
graphql.parse_query graphql.parse_schema graphql.schema_is_valid gt gte hex.decode hex.encode
http.send indexof indexof_n internal.member_2 internal.member_3 internal.print
internal.template_string internal.test_case intersection io.jwt.decode io.jwt.decode_verify
io.jwt.encode_sign io.jwt.encode_sign_raw io.jwt.verify_eddsa io.jwt.verify_es256
io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_hs256 io.jwt.verify_hs384
io.jwt.verify_hs512 io.jwt.verify_ps256 io.jwt.verify_ps384 io.jwt.verify_ps512
io.jwt.verify_rs256 io.jwt.verify_rs384 io.jwt.verify_rs512 is_array is_boolean is_null
is_number is_object is_set is_string json.filter json.is_valid json.marshal
json.marshal_with_options json.match_schema json.patch json.remove json.unmarshal
json.verify_schema lower lt lte max min minus mul neq net.cidr_contains
net.cidr_contains_matches net.cidr_expand net.cidr_intersects net.cidr_is_valid net.cidr_merge
net.cidr_overlap net.lookup_ip_addr numbers.range numbers.range_step object.filter object.get
object.keys object.remove object.subset object.union object.union_n opa.runtime or plus print
product providers.aws.sign_req rand.intn re_match regex.find_all_string_submatch_n regex.find_n
regex.globs_match regex.is_valid regex.match regex.replace regex.split regex.template_match
rego.metadata.chain rego.metadata.rule rego.parse_module rem replace round semver.compare
semver.is_valid set_diff sort split sprintf startswith strings.any_prefix_match
strings.any_suffix_match strings.count strings.render_template strings.replace_n strings.reverse
strings.split_n substring sum time.add_date time.clock time.date time.diff time.format
time.now_ns time.parse_duration_ns time.parse_ns time.parse_rfc3339_ns time.weekday to_number
trace trim trim_left trim_prefix trim_right trim_space trim_suffix type_name union units.parse
units.parse_bytes upper uri.is_valid uri.parse urlquery.decode urlquery.decode_object
urlquery.encode urlquery.encode_object uuid.parse uuid.rfc4122 walk yaml.is_valid yaml.marshal
yaml.unmarshal
`
  .trim()
  .split(/\s+/)

function failureOf(run: () => unknown): { readonly code: string; readonly message: string } {
  try {
    run()
  } catch (error) {
    if (error instanceof BuiltinError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('nothing failed')
}

test("the built-ins are exactly those of OPA 1.20's capabilities", () => {
  expect(NAMES).toHaveLength(206)
  expect([...BUILTINS.keys()].toSorted()).toEqual(NAMES.toSorted())
})

describe('a failing built-in', () => {
  test('names itself, the operand and the types', () => {
    const failures: [string, string, string][] = [
      ['array.flatten', '[1]', 'array.flatten: operand 1 must be array but got number'],
      [
        'count',
        '[1]',
        'count: operand 1 must be one of {array, object, set, string} but got number',
      ],
      ['concat', '[1,2]', 'concat: operand 1 must be string but got number'],
    ]
    for (const [name, args, message] of failures)
      expect(failureOf(() => call(name, args))).toEqual({ code: 'eval_type_error', message })
  })

  test('tells a wrong type from a wrong value', () => {
    expect(failureOf(() => call('div', '[1,0]'))).toEqual({
      code: 'eval_builtin_error',
      message: 'div: divide by zero',
    })
    expect(failureOf(() => call('to_number', '["x"]')).code).toBe('eval_builtin_error')
  })

  test('fails the same way for any argument of any type: never with an error of its own', () => {
    const strange = [
      null,
      true,
      -1,
      1e308,
      '',
      'x',
      [],
      [null],
      {},
      { a: null },
      RSet.from([1]),
      makeObject([[1, 1]]),
    ]
    for (const builtin of BUILTINS.values()) {
      for (const argument of strange) {
        const args = builtin.args.map(() => argument)
        try {
          builtin.call(stillContext(), args)
        } catch (error) {
          if (!(error instanceof BuiltinError))
            throw new Error(`${builtin.name}(${toTermText(args)})`, { cause: error })
        }
      }
    }
  })
})

describe('within one query', () => {
  test('the time stands still', () => {
    let now = NOW_NS
    const context = stillContext({ nowNs: () => now++ })
    const first = call('time.now_ns', [], context)
    expect(call('time.now_ns', [], context)).toEqual(first)
    expect(call('time.now_ns', [], { ...context, memo: new Map() })).not.toEqual(first)
  })

  test('randomness is the same for the same key, and another for another', () => {
    let next = 0
    const context = stillContext({
      random: () => (next++ % 10) / 10,
      randomBytes: (count) => new Uint8Array(count).fill(next++),
    })
    expect(call('rand.intn', ['a', 100], context)).toBe(call('rand.intn', ['a', 100], context))
    expect(call('rand.intn', ['b', 100], context)).not.toBe(call('rand.intn', ['a', 100], context))
    expect(call('uuid.rfc4122', ['a'], context)).toBe(call('uuid.rfc4122', ['a'], context))
    expect(call('uuid.rfc4122', ['b'], context)).not.toBe(call('uuid.rfc4122', ['a'], context))
  })
})

describe('work without bound is refused', () => {
  const calls: [string, string][] = [
    ['numbers.range', '[0,100000000000]'],
    ['numbers.range_step', '[0,100000000000,1]'],
    ['net.cidr_expand', '["10.0.0.0/8"]'],
    ['net.cidr_expand', '["::/0"]'],
    ['bits.lsh', '[1,1000000000]'],
    ['mul', '[1e1000000000,1e1000000000]'],
  ]
  for (const [name, args] of calls) {
    test(`${name}(${args})`, () => {
      const started = performance.now()
      expect(failureOf(() => call(name, args)).code).toBe('eval_builtin_error')
      expect(performance.now() - started).toBeLessThan(500)
    })
  }
})

test('a width far too large ends the format, as in Go', () => {
  expect(call('sprintf', '["%1000000000d|",[1]]')).toBe('%!(NOVERB)%!(EXTRA int64=1)')
  expect(call('sprintf', '["%.1000000000f|",[1.5]]')).toBe('%!(NOVERB)%!(EXTRA float64=1.5)')
})

test('names of the prototype are names like others', () => {
  expect(call('object.get', [{}, 'constructor', 'none'])).toBe('none')
  expect(call('object.get', [{}, ['__proto__', 'toString'], 'none'])).toBe('none')
  const united = call('object.union', '[{"__proto__":{"a":1}},{"__proto__":{"b":2}}]')
  expect(stringifyJson(united!)).toBe('{"__proto__":{"a":1,"b":2}}')
  for (const [name, args] of [
    ['json.patch', '[{},[{"op":"add","path":"/__proto__","value":{"polluted":1}}]]'],
    ['yaml.unmarshal', '["__proto__:\\n  polluted: 1"]'],
    ['json.filter', '[{"__proto__":{"polluted":1}},["__proto__/polluted"]]'],
    ['urlquery.decode_object', '["__proto__=polluted"]'],
  ] as const) {
    expect(Object.keys(call(name, args) as object)).toEqual(['__proto__'])
  }
  expect('polluted' in {}).toBe(false)
})

test('sets can be patched by the text of their members', () => {
  const patched = call('json.patch', [
    { a: RSet.from(['x', 'y']) },
    [{ op: 'remove', path: 'a/x' }],
  ])
  expect(toTermText(patched!)).toBe('{"a": {"y"}}')
})

test('object functions see keys that are not strings', () => {
  const object = makeObject([
    [1, 'number'],
    ['1', 'string'],
  ])
  expect(call('object.get', [object, 1, null])).toBe('number')
  expect(toTermText(call('object.keys', [object])!)).toBe('{1, "1"}')
  expect(toTermText(call('object.remove', [object, [1]])!)).toBe('{"1": "string"}')
})

test('walk answers every path with its value', () => {
  expect(call('walk', '[{"a":[1]}]')).toEqual([
    [[], { a: [1] }],
    [['a'], [1]],
    [['a', 0], 1],
  ])
  expect(BUILTINS.get('walk')!.relation).toBe(true)
})

test('print tells every combination of what its operands can be', () => {
  const lines: string[] = []
  const context = stillContext({ print: (line) => lines.push(line) })
  expect(call('internal.print', [[RSet.from([1, 2]), RSet.from(['a'])]], context)).toBe(true)
  expect(call('internal.print', [[RSet.from(['x']), RSet.from([])]], context)).toBe(true)
  expect(lines).toEqual(['1 a', '2 a', 'x <undefined>'])
})

test('a template string writes what is undefined as such', () => {
  expect(call('internal.template_string', [['a', RSet.from([]), 'b', RSet.from([1])]])).toBe(
    'a<undefined>b1',
  )
})
