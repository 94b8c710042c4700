/** Peers that find and reach each other over real libp2p: local network, table of providers, relay, kept peers. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { addressesOf } from '../../node/swarm/address.ts'
import { Discovery } from '../../node/swarm/discovery.ts'
import { KeptPeers } from '../../node/swarm/kept-peers.ts'
import { type Outgoing, type Peer, peerIdOf } from '../../node/swarm/peer.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { type BaseId, parseId } from '../../protocol/ids.ts'
import { call, serve } from '../../protocol/rpc.ts'
import { openPeer } from './fixtures.ts'

const BASE = parseId<BaseId>('ab'.repeat(32), 'base id')
const OTHER = parseId<BaseId>('cd'.repeat(32), 'base id')
const ECHO = '/oppu/test-echo/1.0.0'
const EVERYWHERE = ['/ip4/0.0.0.0/tcp/0']

async function echoing(peer: Peer): Promise<void> {
  await peer.handle(ECHO, { category: 'chunk', maximumStreams: 4 }, (duplex, { signal }) =>
    serve(duplex, async body => ({ body }), { maximumRequest: 70_000, signal }),
  )
}

/** The first address given of the wanted peer, or undefined when the search ends without. */
async function findPeer(discovery: Discovery, base: BaseId, wanted: string): Promise<string | undefined> {
  for await (const address of discovery.providersOf(base, { signal: AbortSignal.timeout(40_000) }))
    if (peerIdOf(address) === wanted) return address
  return undefined
}

async function all(addresses: AsyncIterable<string>): Promise<string[]> {
  const given: string[] = []
  for await (const address of addresses) given.push(address)
  return given
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oppu-peers-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return join(path, 'peers')
}

/** Whether a datagram to the group of mDNS comes back to this machine. */
async function multicastWorks(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(5353, resolve))
    socket.addMembership('224.0.0.251')
    const heard = new Promise<boolean>(resolve => {
      socket.on('message', message => {
        if (message.toString() === 'oppu test') resolve(true)
      })
    })
    socket.send('oppu test', 5353, '224.0.0.251')
    return await Promise.race([heard, setTimeout(1000, false)])
  } catch {
    return false
  } finally {
    socket.close()
  }
}

test('two peers on one network find each other without being told anything', async t => {
  if (!(await multicastWorks())) return t.skip('multicast does not work on this machine')
  if (Object.values(networkInterfaces()).every(list => list!.every(({ internal }) => internal)))
    return t.skip('this machine has no network but its own')
  const sent: Outgoing[] = []
  await using a = await openPeer({ listen: EVERYWHERE, finding: { lan: true }, audit: m => sent.push(m) })
  await using b = await openPeer({ listen: [], finding: { lan: true } })
  await echoing(a)
  await using discovery = new Discovery({ peer: b })
  const address = await findPeer(discovery, BASE, a.id)
  assert.ok(address, 'found')
  const reply = await call(await b.dial([address], ECHO, { category: 'chunk-request' }), new Uint8Array(3), {
    maximumReply: 100,
  })
  assert.equal(reply.length, 3)
  const heard = discovery.heard().find(({ peer }) => peer === a.id)
  assert.equal(heard?.source, 'lan')
  assert.deepEqual(heard.bases, [], 'nothing is known of what it has')
  assert.ok(sent.some(({ category, peer }) => category === 'discovery' && peer === 'the local network'))
})

test('a base is found through eight peers that know one, and its bytes are told in the audit log', async t => {
  const sent: Outgoing[] = []
  const first = await openPeer({ finding: { dht: 'server' } })
  t.after(() => first.close())
  const bootstrap = first.addresses()
  const others: Peer[] = []
  for (let i = 0; i < 6; i++) {
    const peer = await openPeer({ finding: { dht: 'server', bootstrap } })
    t.after(() => peer.close())
    others.push(peer)
  }
  await using provider = await openPeer({
    finding: { dht: 'server', bootstrap },
    audit: message => sent.push(message),
  })
  await using providing = new Discovery({ peer: provider })
  await providing.provide(BASE)
  assert.ok(
    sent.some(
      ({ category, protocol, bytes }) =>
        category === 'discovery' && protocol === '/oppu/kad/1.0.0' && bytes > 0,
    ),
  )

  await using asker = await openPeer({
    listen: [],
    finding: { dht: 'client', bootstrap: others[3]!.addresses() },
  })
  await using asking = new Discovery({ peer: asker })
  assert.ok(await findPeer(asking, BASE, provider.id))
  const heard = asking.heard().find(({ peer }) => peer === provider.id)
  assert.equal(heard?.source, 'dht')
  assert.deepEqual(heard.bases, [BASE])
  assert.equal(await findPeer(asking, OTHER, provider.id), undefined, 'a base that nobody has')
})

test('a peer that cannot be dialled is reached through a relay, with megabytes and not a word to the relay', async () => {
  await using relay = await openPeer({ relay: true, finding: {} })
  const sent: Outgoing[] = []
  await using hidden = await openPeer({
    listen: [],
    finding: { relays: relay.addresses() },
    audit: m => sent.push(m),
  })
  await echoing(hidden)
  for (let tries = 0; hidden.addresses().length === 0 && tries < 100; tries++) await setTimeout(50)
  const [address] = hidden.addresses()
  assert.match(address!, new RegExp(`/p2p/${relay.id}/p2p-circuit/p2p/${hidden.id}$`))
  await using asker = await openPeer({ listen: [], finding: {} })
  const body = new Uint8Array(60_000).fill(5)
  for (let round = 0; round < 50; round++) {
    const duplex = await asker.dial([address!], ECHO, { category: 'chunk-request' })
    assert.deepEqual(new Uint8Array(await call(duplex, body, { maximumReply: 70_000 })), body)
  }
  assert.ok(asker.connections().some(({ peer, relayed }) => peer === hidden.id && relayed))
  assert.equal(relay.received.get(asker.id), undefined, 'no stream of ours ended at the relay')
  assert.ok(sent.every(({ peer }) => peer !== relay.id))
})

test('a relay that a gate keeps refuses strangers; one that is away is asked again', async () => {
  const members = new Set<string>()
  await using relay = await openPeer({
    relay: true,
    finding: {},
    gate: { admits: peer => members.has(peer) },
  })
  await using stranger = await openPeer({ listen: [], finding: { relays: relay.addresses() } })
  await setTimeout(1500)
  assert.deepEqual(stranger.addresses(), [])
  await assert.rejects(
    stranger.dial(relay.addresses() as [string], ECHO, { category: 'chunk-request' }),
    error => isOppuError(error, 'CONNECTION_FAILED') || isOppuError(error, 'TIMEOUT'),
  )
  await using member = await openPeer({ seed: new Uint8Array(32).fill(9), listen: [] })
  members.add(member.id)
  const { id } = member
  await member.close()
  await using again = await openPeer({
    seed: new Uint8Array(32).fill(9),
    listen: [],
    finding: { relays: relay.addresses() },
  })
  assert.equal(again.id, id)
  for (let tries = 0; again.addresses().length === 0 && tries < 100; tries++) await setTimeout(50)
  assert.equal(again.addresses().length, 1)
})

test('after a restart the kept peers are enough, with every other source gone', async t => {
  await using a = await openPeer()
  await echoing(a)
  const kept = await folder(t)
  const seed = new Uint8Array(32).fill(21)
  {
    await using b = await openPeer({ seed, listen: [], folder: kept })
    await using discovery = new Discovery({ peer: b, coordinator: async () => a.addresses() })
    assert.ok(await findPeer(discovery, BASE, a.id))
    discovery.proved(a.id, BASE)
  }
  await using b = await openPeer({ seed, listen: [], folder: kept })
  const failures: string[] = []
  const coordinator = async () => Promise.reject(new Error('gone'))
  await using discovery = new Discovery({ peer: b, coordinator, onFailure: source => failures.push(source) })
  const address = await findPeer(discovery, BASE, a.id)
  assert.ok(address)
  await call(await b.dial([address], ECHO, { category: 'chunk-request' }), new Uint8Array(3), {
    maximumReply: 100,
  })
  const [heard] = discovery.heard()
  assert.deepEqual([heard?.peer, heard?.source, heard?.bases], [a.id, 'kept', [BASE]])
  assert.deepEqual(
    await all(discovery.providersOf(OTHER)),
    [],
    'it is not asked for what it is not known to have',
  )
  assert.deepEqual(failures, ['coordinator', 'coordinator'].slice(0, failures.length))
  assert.ok(failures.length > 0)
})

test('an address that cannot be written down is nobody’s, whoever tells it, and also where one was kept', async t => {
  const [id, kept] = ['12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp', await folder(t)]
  // Binary, /dns4 with a slash in its name: as text it would be another address, or none.
  const bad = multiaddr(Uint8Array.of(54, 3, ...Buffer.from('a/b'), 6, 0, 80))
  const good = multiaddr('/ip4/192.0.2.1/tcp/80')
  assert.deepEqual(addressesOf([bad, good], id), [`/ip4/192.0.2.1/tcp/80/p2p/${id}`])
  {
    await using peers = await KeptPeers.open(kept)
    const addresses = [`${bad}/p2p/${id}`, `/ip4/192.0.2.1/tcp/80/p2p/${id}`]
    peers.put(id, { addresses, bases: [BASE], seenAt: 1 })
  }
  await using peers = await KeptPeers.open(kept)
  assert.deepEqual((await peers.records()).get(id)?.addresses, [`/ip4/192.0.2.1/tcp/80/p2p/${id}`])
})

test('kept peers that are damaged are begun anew, and in use by another process said so', async t => {
  const kept = await folder(t)
  await mkdir(kept, { recursive: true })
  await writeFile(join(kept, 'CURRENT'), 'MANIFEST-999999\n')
  await using b = await openPeer({ listen: [], folder: kept })
  assert.equal(b.book.records.size, 0)
  await assert.rejects(openPeer({ listen: [], folder: kept }), error => isOppuError(error, 'IN_USE'))
})

test('a search gives nobody twice, not itself, no other than the peers told; and ends with the signal', async () => {
  await using a = await openPeer()
  await using b = await openPeer()
  const told = [...a.addresses(), ...b.addresses(), ...a.addresses()]
  await using discovery = new Discovery({ peer: b, told, coordinator: async () => told })
  assert.deepEqual(await all(discovery.providersOf(BASE)), a.addresses())
  const never = new Promise<string[]>(() => {})
  await using stuck = new Discovery({ peer: b, coordinator: () => never })
  const signal = AbortSignal.timeout(200)
  await assert.rejects(all(stuck.providersOf(BASE, { signal })), { name: 'TimeoutError' })
  assert.throws(
    () => new Discovery({ peer: b, told: ['/ip4/1.2.3.4/tcp/1'] }),
    error => isOppuError(error, 'INVALID_ARGUMENT'),
  )
})
