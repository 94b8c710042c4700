/** What a node says of whether others can reach it, from what it can know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedAddress, PeerConnection } from '../../node/swarm/peer.ts'
import { kindOf, type Reach, reachOf } from '../../node/swarm/reach.ts'

const NOW = 1_000_000
const listed = (address: string, more: Partial<ListedAddress> = {}): ListedAddress => ({
  ...{ address, type: 'transport', verified: true, expires: 0 },
  ...more,
})
const came = (address: string): PeerConnection => ({
  ...{ peer: 'p', address, direction: 'inbound', relayed: false },
})

const CASES: readonly (readonly [Reach, readonly ListedAddress[], readonly PeerConnection[], RegExp])[] = [
  ['nowhere', [], [], /does not listen/],
  ['this machine', [listed('/ip4/127.0.0.1/tcp/1')], [], /this machine only/],
  ['local network', [listed('/ip4/127.0.0.1/tcp/1'), listed('/ip4/192.168.1.5/tcp/4600')], [], /router/],
  ['unknown', [listed('/ip4/8.8.8.8/tcp/1')], [], /no peer has tried/],
  ['everywhere', [listed('/ip4/8.8.8.8/tcp/1', { expires: NOW + 1 })], [], /has dialled/],
  ['blocked', [listed('/ip4/8.8.8.8/tcp/1', { verified: false })], [], /firewall/],
  [
    'unknown',
    [listed('/dns4/example.org/tcp/1', { type: 'announce', expires: NOW + 1 })],
    [],
    /no peer has tried/,
  ],
  ['everywhere', [listed('/ip4/10.0.0.1/tcp/1')], [came('/ip4/9.9.9.9/tcp/3')], /from the Internet/],
  ['local network', [listed('/ip4/10.0.0.1/tcp/1')], [came('/ip4/10.0.0.2/tcp/3')], /local network/],
  ['relay', [listed('/ip4/8.8.8.8/tcp/1/p2p/R/p2p-circuit'), listed('/ip4/10.0.0.1/tcp/1')], [], /relay/],
]

for (const [index, [reach, addresses, connections, finding]] of CASES.entries()) {
  test(`${index}: ${reach}`, () => {
    const report = reachOf({ addresses, connections }, NOW)
    assert.equal(report.reach, reach)
    assert.match(report.findings.join(' '), finding)
    const good = reach === 'everywhere' || reach === 'relay'
    assert.equal(report.advice.length === 0, good, 'there is advice where something can be done')
    assert.ok(!report.advice.join(' ').includes('undefined'))
  })
}

test('a NAT is seen by the address that others see, and the port to forward is the one listened on', () => {
  const addresses = [
    listed('/ip4/10.0.0.1/tcp/4611'),
    listed('/ip4/8.8.4.4/tcp/61000', { type: 'observed', verified: false }),
  ]
  const { findings, advice } = reachOf({ addresses, connections: [] }, NOW)
  assert.match(findings.join(' '), /from 8\.8\.4\.4/)
  assert.match(advice[0]!, /TCP port 4611/)
})

test('addresses that are not routed are not taken for public ones', () => {
  for (const host of [
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.1.1',
    '169.254.9.9',
    '192.0.2.2',
    '203.0.113.9',
  ])
    assert.equal(kindOf(`/ip4/${host}/tcp/1`), 'private', host)
  for (const host of ['fe80::1', 'fd00::1', '2001:db8::1'])
    assert.equal(kindOf(`/ip6/${host}/tcp/1`), 'private', host)
  for (const host of ['127.0.0.1', '127.9.9.9']) assert.equal(kindOf(`/ip4/${host}/tcp/1`), 'machine', host)
  assert.equal(kindOf('/ip6/::1/tcp/1'), 'machine')
  for (const host of ['8.8.8.8', '172.32.0.1', '100.128.0.1'])
    assert.equal(kindOf(`/ip4/${host}/tcp/1`), 'public', host)
  assert.equal(kindOf('/ip6/2600::1/tcp/1'), 'public')
})
