import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, cyclesOf, filesOf, readImports } from './imports.fixture.ts'

/** The lab's floors: imports point down only, and siblings on a floor never meet. */
const FLOORS: Readonly<Record<string, number>> = {
  bin: 6,
  bench: 6,
  scenarios: 6,
  plans: 6,
  cli: 5,
  validate: 4,
  report: 4,
  run: 4,
  experiments: 3,
  slices: 2.5,
  subject: 2.5,
  'fault-proxy': 2,
  load: 2,
  machine: 2,
  scenario: 2,
  synthetic: 2,
  histogram: 1,
  statistics: 1,
  core: 0,
}

/** Pairs on one floor that may meet: load is made of scenarios; validating a plan runs and reports. */
const SIBLINGS_THAT_MEET = new Set(['load scenario', 'validate run', 'validate report'])

const files = filesOf('lab/**/*.ts')
const imports = files.flatMap(readImports)
const inside = imports.flatMap(({ from, target }) =>
  target?.startsWith('lab/') === true && target.endsWith('.ts') ? [{ from, target }] : [],
)

/** The folder under `lab/` that a file lives in; each experiment is a room of its own. */
function roomOf(file: string): string {
  const [, room = '', inner = ''] = file.split('/')
  return room === 'experiments' ? `experiments/${inner}` : room
}

function floorOf(room: string): number | undefined {
  return FLOORS[room.startsWith('experiments/') ? 'experiments' : room]
}

describe('architecture of the lab', () => {
  test('every folder has a floor', () => {
    expect(files.map(roomOf).filter((room) => floorOf(room) === undefined)).toEqual([])
  })

  test('imports point down, and siblings never meet', () => {
    const wrong = inside.filter(({ from, target }) => {
      const [above, below] = [roomOf(from), roomOf(target)]
      if (above === below || SIBLINGS_THAT_MEET.has(`${above} ${below}`)) return false
      return (floorOf(above) ?? -1) <= (floorOf(below) ?? 9)
    })
    expect(wrong).toEqual([])
  })

  test('from outside, a folder is reached through its index', () => {
    const deep = inside.filter(({ from, target }) => {
      const room = roomOf(target)
      return room !== roomOf(from) && target !== `lab/${room}/index.ts`
    })
    expect(deep).toEqual([])
  })

  test('no file imports itself through others', () => {
    expect(cyclesOf(imports)).toEqual([])
  })

  test('it speaks HTTP to the gate: only micro-benchmarks import the package', () => {
    const reaching = imports.filter(
      ({ from, target, specifier }) =>
        (target?.startsWith('src/') === true || /^tollgate(\/|$)/.test(specifier)) &&
        !from.startsWith('lab/experiments/micro/'),
    )
    expect(reaching).toEqual([])
  })

  test('there is no `export *`, and a default export only in a scenario', () => {
    const stars = files.filter(
      (file) =>
        !file.startsWith('lab/scenarios/') &&
        /^export \* from|^export default /m.test(readFileSync(join(ROOT, file), 'utf8')),
    )
    expect(stars).toEqual([])
  })
})
