/** What a node's configuration says of how it finds peers and is found: what tells strangers is off among members. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NODE_SCHEMA } from '../node/config.ts'
import { findingOf, networkOptions } from '../node/networking.ts'
import { parseConfig } from '../protocol/schema.ts'

const config = (values: object) => parseConfig(NODE_SCHEMA, values, 'config.json')
const HERE = ['/ip4/127.0.0.1/tcp/0']
const EVERYWHERE = ['/ip4/0.0.0.0/tcp/4600']

test('in an open community everything is on: the table is served only where others can connect', () => {
  const open = config({})
  assert.deepEqual(findingOf(open, []), { lan: true, bootstrap: [], dht: 'client' })
  assert.deepEqual(findingOf(open, HERE), { lan: true, bootstrap: [], relays: [], dht: 'client' })
  assert.deepEqual(findingOf(open, EVERYWHERE), { lan: true, bootstrap: [], relays: [], dht: 'server' })
  const announced = config({ announce: ['/dns4/example.org/tcp/4600'] })
  assert.equal(findingOf(announced, HERE).dht, 'server')
})

test('in a private community what tells strangers is off, unless it is asked for', () => {
  const closed = { community: 'private' }
  assert.deepEqual(findingOf(config(closed), EVERYWHERE), { lan: false, bootstrap: [], relays: [] })
  const asked = findingOf(config({ ...closed, lan: 'on', dht: 'client' }), EVERYWHERE)
  assert.deepEqual([asked.lan, asked.dht], [true, 'client'])
})

test('what is turned off stays off, and a node that does not listen serves nothing', () => {
  const { lan, dht } = findingOf(config({ lan: 'off', dht: 'off' }), EVERYWHERE)
  assert.deepEqual([lan, dht], [false, undefined])
  const asking = networkOptions('/home', config({ dht: 'server', relay: 'on', relays: ['auto'] }), {
    listen: [],
  })
  assert.deepEqual(
    [asking.relay, asking.finding?.dht, asking.finding?.relays],
    [undefined, 'client', undefined],
  )
  assert.equal(networkOptions('/home', config({ relay: 'on' }), { listen: HERE }).relay, true)
  assert.equal(networkOptions('/home', config({ relay: 'on' }), { listen: HERE, relay: false }).relay, false)
})
