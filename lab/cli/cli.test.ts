import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArgsDef } from 'citty'
import { readArguments, readDurationMs, readNumber } from './arguments.ts'
import { UsageError } from './exit-codes.ts'
import { createProgress } from './progress.ts'
import { COMMANDS } from './table.ts'
import { readHeader, readTarget } from './target.ts'
import type { Terminal } from './terminal.ts'

const ARGS = {
  base: { type: 'positional' },
  rate: { type: 'string' },
  header: { type: 'string', alias: 'H' },
  quick: { type: 'boolean' },
} as const satisfies ArgsDef

describe('a command line', () => {
  test('is read with repeated options, short ones and arguments', () => {
    const args = readArguments(
      ['one', '-H', 'a: b', '--header=c: d', '--quick', '--rate', '5'],
      ARGS,
    )
    expect(args.required('base')).toBe('one')
    expect(args.texts('header')).toEqual(['a: b', 'c: d'])
    expect(args.flag('quick')).toBe(true)
    expect(args.number('rate', { min: 1, whole: true })).toBe(5)
    expect(args.text('missing')).toBeUndefined()
  })

  test.each([[['one', '--quik']], [['one', 'two']], [['one', '--rate']], [[]]])(
    '%p is refused',
    (argv) => {
      expect(() => readArguments(argv, ARGS)).toThrow(UsageError)
    },
  )

  test('numbers and durations are read with their bounds, never guessed', () => {
    expect(readNumber('n', '1e3')).toBe(1000)
    for (const text of ['', 'x', '0x10', '5 s', '1_000', 'Infinity']) {
      expect(() => readNumber('n', text)).toThrow(UsageError)
    }
    expect(() => readNumber('n', '1.5', { whole: true })).toThrow('whole number')
    expect(() => readNumber('n', '11', { max: 10 })).toThrow('to 10')
    expect([
      readDurationMs('t', '250ms'),
      readDurationMs('t', '1.5'),
      readDurationMs('t', '24h'),
    ]).toEqual([250, 1500, 86_400_000])
    expect(() => readDurationMs('t', '5 minutes')).toThrow(UsageError)
  })
})

describe('what is measured', () => {
  test.each([
    'http://127.0.0.1:80/a',
    'https://localhost',
    'http://[::1]:8080',
    'http://127.8.4.2',
  ])('%s is this machine', (text) => {
    expect(readTarget(text, false)).toBe(new URL(text).href)
  })

  test.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://10.0.0.1',
  ])('%s is refused unless it was asked for', (text) => {
    expect(() => readTarget(text, false)).toThrow('not this machine')
    expect(readTarget(text, true)).toBe(new URL(text).href)
  })

  test.each(['ftp://localhost', 'localhost:80', '/path', 'http://user:secret@localhost/'])(
    '%s is refused in any case',
    (text) => {
      expect(() => readTarget(text, true)).toThrow(UsageError)
    },
  )

  test('headers cannot smuggle others', () => {
    expect(readHeader('X-Key:  abc ')).toEqual(['x-key', 'abc'])
    for (const line of ['', 'no colon', 'a b: c', 'a: b\r\nc: d', ': x']) {
      expect(() => readHeader(line)).toThrow(UsageError)
    }
  })
})

describe('what is shown', () => {
  test('off a terminal, progress is whole lines without escape codes, and not too many', () => {
    const said: string[] = []
    const draw = (): void => {
      throw new Error('nothing may be drawn')
    }
    const terminal = { isLive: false, hint: (text: string) => void said.push(text), draw }
    let nowMs = 0
    const progress = createProgress(terminal as unknown as Terminal, () => nowMs)
    for (nowMs = 0; nowMs < 11_000; nowMs += 100) {
      progress.step('measuring', 0, 2)
      progress.live({ rate: '5/s' })
    }
    progress.close()
    expect(said).toEqual(['measuring (1 of 2)', '  rate 5/s', '  rate 5/s', '  rate 5/s'])
  })
})

const ENTRY = join(import.meta.dirname, '../bin/tollgate-lab.ts')

describe('a result', () => {
  const refusing = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response(null, { status: 500 }),
  })
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-lab-cli-'))
  })
  afterAll(async () => {
    await refusing.stop(true)
    await rm(folder, { recursive: true })
  })
  const start = (...args: readonly string[]) =>
    Bun.spawn(
      [
        process.execPath,
        ENTRY,
        'load',
        '--target',
        refusing.url.href,
        '--duration',
        '400ms',
        ...args,
      ],
      { stdout: 'pipe', stderr: 'pipe' },
    )

  test('that could not be written anywhere is refused before anything is measured', async () => {
    for (const [path, why] of [
      [join(folder, 'missing', 'run.json'), 'ENOENT'],
      [folder, 'It may end in'],
    ] as const) {
      const child = start('--out', path)
      expect(await new Response(child.stderr).text()).toContain(why)
      expect([await child.exited, await new Response(child.stdout).text()]).toEqual([2, ''])
    }
  })

  test.skipIf(!existsSync('/dev/full'))(
    'is printed and written wherever it can be, when the disk of one file is full',
    async () => {
      await symlink('/dev/full', join(folder, 'full.json'))
      await writeFile(join(folder, 'good.json'), 'an earlier one')
      const child = start('--out', join(folder, 'full.json'), '--out', join(folder, 'good.json'))
      const [out, hint] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ])
      expect(await child.exited).toBe(1)
      expect(hint).toContain('full.json')
      expect(out).toContain('Repeat: tollgate lab load')
      expect(await readFile(join(folder, 'good.json'), 'utf8')).toContain('"tollgate-lab/1"')
      expect((await readdir(folder)).toSorted()).toEqual(['full.json', 'good.json'])
    },
  )

  test('is kept of what a Ctrl-C ended, though it arrives twice: from the terminal and from the launcher', async () => {
    const child = start('--duration', '60s', '--rate', '50')
    const progress = child.stderr.getReader()
    for (let said = ''; !said.includes('time ');) {
      const { value, done } = await progress.read()
      if (done) throw new Error(said)
      said += new TextDecoder().decode(value)
    }
    // Stopped meanwhile, so that both are there when it goes on.
    child.kill('SIGSTOP')
    child.kill('SIGINT')
    child.kill('SIGTERM')
    child.kill('SIGCONT')
    expect(await new Response(child.stdout).text()).toContain('the run was interrupted')
    expect(await child.exited).toBe(7)
  }, 30_000)

  test('decides the exit status even if nobody reads it any more', async () => {
    const child = start()
    await child.stdout.cancel()
    // Every request failed; whether the machine was quiet enough to say so is another matter.
    expect([6, 7]).toContain(await child.exited)
  })
})

describe('the program', () => {
  const run = async (...args: readonly string[]) => {
    const child = Bun.spawn([process.execPath, ENTRY, ...args], { stdout: 'pipe', stderr: 'pipe' })
    const [out, hint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return { code: await child.exited, out, hint }
  }

  test('says what there is, and refuses what there is not with status 2 and nothing on stdout', async () => {
    const help = await run('--help')
    expect(help.code).toBe(0)
    for (const name of Object.keys(COMMANDS)) expect(help.out).toContain(`  ${name} `)
    expect(await run('levitate')).toMatchObject({ code: 2, out: '' })
    expect(await run('machine', '--wacth', '1s')).toMatchObject({ code: 2, out: '' })
    for (const words of [
      ['load', '--target', 'http://127.0.0.1:1/', '--threshold', 'p99<'],
      ['overhead', '--budget', 'all'],
      ['micro', '--budget', 'all<5'],
    ]) {
      expect(await run(...words)).toMatchObject({ code: 2, out: '' })
    }
  })

  test('every command loads under its own name, with the summary of the list', async () => {
    for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
      const command = await load()
      expect([command.name, command.summary]).toEqual([name, summary])
    }
  })
})
