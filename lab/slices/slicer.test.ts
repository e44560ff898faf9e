import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { SyntheticServer } from '../synthetic/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { openSlicer, openSlicers } from './slicer.ts'

let server: SyntheticServer
beforeAll(async () => {
  server = await startSyntheticServer()
})
afterAll(async () => server.stop())

/** A slicer on a clock that stands still but for what a test makes of it at each reading. */
async function slicerOn(clockMs: () => number) {
  const request = { url: `${server.url}/`, method: 'GET', headers: {}, body: null, status: 200 }
  return openSlicer({ name: 'hello', request }, 2, false, clockMs)
}

describe('a slice', () => {
  test('counts what is answered between the first and the last answer in its window', async () => {
    let nowMs = 0
    const slicer = await slicerOn(() => (nowMs += 1))
    const slice = await slicer.saturate(200, [])
    slicer.close()
    expect(slice.failed).toBe(0)
    expect(slice.seconds).toBeGreaterThanOrEqual(0.195)
    expect(slice.requests).toBeGreaterThan(10)
  })

  test('of which too little was seen says nothing, rather than many requests in no time', async () => {
    let nowMs = 0
    let readings = 0
    const slicer = await slicerOn(() => {
      readings += 1
      // This process has no turn for most of the slice.
      if (readings === 4) nowMs += 190
      return (nowMs += 0.1)
    })
    const slice = await slicer.saturate(200, [])
    slicer.close()
    expect(slice).toMatchObject({ seconds: 0, requests: 0 })
  })
})

test('every arm is what as many connections began with: servers may remember what came first', async () => {
  const begun = new Map<number, string[]>()
  const counting = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, own) => {
      const { port } = own.requestIP(request)!
      begun.set(port, [...(begun.get(port) ?? []), new URL(request.url).pathname])
      return new Response('')
    },
  })
  const arms = ['/a', '/b', '/c'].map((path) => ({
    name: path,
    request: {
      url: new URL(path, counting.url).href,
      method: 'GET',
      headers: {},
      body: null,
      status: 200,
    },
  }))
  const slicers = await openSlicers(arms, 6, false, () => performance.now())
  for (const slicer of slicers) slicer.close()
  await counting.stop(true)
  const only = [...begun.values()].map((paths) => {
    expect(paths.length).toBeGreaterThan(2)
    return [...new Set(paths)].join()
  })
  expect(only.toSorted()).toEqual(['/a', '/a', '/b', '/b', '/c', '/c'])
})
