import { expect, test } from 'bun:test'
import type { Http1Connection } from './connection.ts'
import { Connections } from './connections.ts'

const from = (address: string): Http1Connection =>
  ({ address, isBusy: false }) as unknown as Http1Connection

test('an IPv6 client counts as its /64, because it has all of that, and an IPv4 client as its address', () => {
  const connections = new Connections({ connectionsPerAddressMax: 1 })
  const one = from('2001:db8:0:1::7')
  connections.add(one)
  connections.add(from('192.0.2.1'))
  expect(connections.mayOpen('2001:db8:0:1:ffff::1')).toBe(false)
  expect(connections.mayOpen('2001:db8:0:2::7')).toBe(true)
  expect(connections.mayOpen('192.0.2.1')).toBe(false)
  expect(connections.mayOpen('192.0.2.2')).toBe(true)
  connections.remove(one)
  connections.remove(one)
  expect(connections.mayOpen('2001:db8:0:1::8')).toBe(true)
})
