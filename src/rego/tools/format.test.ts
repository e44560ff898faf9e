import { describe, expect, test } from 'bun:test'
import { format, RegoError } from '../index.ts'

const UNTIDY = `package   app

import data.foo as bar
# about the default
default allow = false  # trailing

allow if {
    # inside
    input.x==1 ; input.y != 2

    some i,j
    every k,v in {"a":1} { k==v }
    not  bar[x]
    z := [a|a:=1]  # tail
    q := (1+2)*3 - (2 - 1)
    m := {
       "a": 1, # kept
       "b": 2}
    y := 1 with input.x as 3 with data.y as {1,2}
} else := 2 if { false }

p contains x if { x := 1 }
p contains y if y := 2
# at the end
`

const TIDY = `package app

import data.foo as bar

# about the default
default allow := false # trailing

allow if {
	# inside
	input.x == 1
	input.y != 2

	some i, j
	every k, v in {"a": 1} { k == v }
	not bar[x]
	z := [a | a := 1] # tail
	q := (1 + 2) * 3 - (2 - 1)
	m := {
		"a": 1,
		# kept
		"b": 2,
	}
	y := 1 with input.x as 3 with data.y as {1, 2}
} else := 2 if {
	false
}

p contains x if x := 1
p contains y if y := 2

# at the end
`

describe('formatting', () => {
  test('tidies a module, keeps its comments, and leaves tidy text alone', () => {
    expect(format('app.rego', UNTIDY)).toBe(TIDY)
    expect(format('app.rego', TIDY)).toBe(TIDY)
  })

  test('parentheses stay only where the meaning needs them', () => {
    const body = (text: string): string =>
      format('p.rego', `package p\n\np := ${text}\n`).split('p := ')[1]!.trimEnd()
    expect(body('((a))')).toBe('a')
    expect(body('(a + b) + c')).toBe('a + b + c')
    expect(body('a - (b - c)')).toBe('a - (b - c)')
    expect(body('[(a | b), c]')).toBe('[(a | b), c]')
    expect(body('[(x + 1) | x := 1]')).toBe('[(x + 1) | x := 1]')
    expect(body('f((0, 1 in [1]))')).toBe('f((0, 1 in [1]))')
    expect(body('$"a \\{ {x}"')).toBe('$"a \\{ {x}"')
  })

  test('a v0 module keeps its v0 form', () => {
    const text = 'package p\n\ns[x] {\n\tx := 1\n}\n\nallow {\n\ts[1]\n}\n'
    expect(format('p.rego', text, 0)).toBe(text)
  })

  test('text that cannot be parsed is refused', () => {
    expect(() => format('p.rego', 'package p\np := {')).toThrow(RegoError)
  })
})
