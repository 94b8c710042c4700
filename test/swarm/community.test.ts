/** A private community among real peers: who gets in, who does not, and what a stranger gets to see. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { MemberGate } from '../../node/swarm/gate.ts'
import { type Peer, peerIdOf } from '../../node/swarm/peer.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import type { MemberKey } from '../../protocol/ids.ts'
import { invitationFromText, invitationToText, signInvitation } from '../../protocol/invitation.ts'
import { encodeKeyChange } from '../../protocol/key-change.ts'
import { STRANGER_LIMITS } from '../../protocol/limits.ts'
import { signBytes, userIdFromSeed } from '../../protocol/manifest.ts'
import { openMembers, signMembers } from '../../protocol/members.ts'
import { call, serve } from '../../protocol/rpc.ts'
import { manifest } from '../protocol/samples.ts'
import { type Community, HOUR, openCommunity, openMember, openWire, until } from './community.ts'
import { openPeer } from './fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const ECHO = '/oppu/test-echo/1.0.0'
const asking = { category: 'chunk-request' } as const

async function echo(peer: Peer): Promise<void> {
  await peer.handle(ECHO, { category: 'chunk', maximumStreams: 4 }, (duplex, { signal }) =>
    serve(duplex, async body => ({ body }), { maximumRequest: 100, signal }),
  )
}

async function say(from: Peer, to: Peer, address = to.addresses()[0]!): Promise<Uint8Array> {
  return call(await from.dial([address], ECHO, asking), new Uint8Array(10), { maximumReply: 100 })
}

async function community(
  t: TestContext,
  options: Parameters<typeof openCommunity>[0] = {},
): Promise<Community> {
  const opened = await openCommunity(options)
  t.after(() => opened[Symbol.asyncDispose]())
  return opened
}

test('members talk; a stranger is cut off after the handshake, and no protocol of ours answers it', async t => {
  const host = await community(t)
  await host.coordinator.publishManifest(manifest)
  await using alice = await openMember(await host.invite())
  await using bob = await openMember(await host.invite())
  await echo(alice.peer)
  assert.equal((await say(bob.peer, alice.peer)).length, 10)
  assert.equal((await bob.client.bases()).length, 1)

  const [before, after] = [alice.peer.received.size, 0]
  await using wire = await openWire(alice.peer.addresses()[0]!)
  await using stranger = await openPeer()
  await assert.rejects(say(stranger, alice.peer, wire.address), code('CONNECTION_FAILED'))
  await until(() => wire.open === 0, 'the stranger is cut off')
  assert.equal(stranger.connections().length, after)
  assert.equal(alice.peer.received.size, before, 'nothing was received on any stream')
  assert.equal(alice.peer.received.get(stranger.id), undefined)
  // multistream's header and /noise, one handshake message, and the tag of what closes: no list of protocols fits.
  assert.ok(wire.answered > 0 && wire.answered < 400, `${wire.answered} bytes`)
  assert.ok(!alice.peer.connections().some(({ peer }) => peer === stranger.id))
  await assert.rejects(say(alice.peer, stranger), code('CONNECTION_FAILED'))
})

test('a stranger may say nothing to the coordinator but join', async t => {
  const host = await community(t)
  await host.coordinator.publishManifest(manifest)
  await using stranger = await openPeer({ listen: [] })
  const client = new CoordinatorClient({ peer: stranger, address: host.address })
  for (const ask of [
    () => client.bases(),
    () => client.tasks(),
    () => client.members(0),
    () => client.providers('a'.repeat(64) as never),
    () => client.announce([]),
  ])
    await assert.rejects(ask(), code('NOT_A_MEMBER'))
  const { signed } = invitationFromText(await host.invite())
  const list = openMembers((await client.join(signed)).signed!, host.coordinator.id)
  assert.equal(list.keys.length, 1)
  assert.equal((await client.bases()).length, 1)
})

test('with a network key a stranger fails in the handshake, at members and at the coordinator', async t => {
  const networkKey = new Uint8Array(randomBytes(32))
  const host = await community(t, { networkKey })
  await using alice = await openMember(await host.invite())
  await using bob = await openMember(await host.invite())
  await echo(alice.peer)
  assert.equal((await say(bob.peer, alice.peer)).length, 10)
  for (const other of [undefined, new Uint8Array(32), networkKey.with(31, networkKey[31]! ^ 1)]) {
    await using stranger = await openPeer(other === undefined ? {} : { networkKey: other })
    await assert.rejects(say(stranger, alice.peer), code('CONNECTION_FAILED'))
    await assert.rejects(
      new CoordinatorClient({ peer: stranger, address: host.address }).bases(),
      code('CONNECTION_FAILED'),
    )
  }
  // Who has the key, such as an expelled member, is still held off by the list.
  await using knowing = await openPeer({ networkKey })
  await assert.rejects(say(knowing, alice.peer), code('CONNECTION_FAILED'))
  await assert.rejects(
    new CoordinatorClient({ peer: knowing, address: host.address }).bases(),
    code('NOT_A_MEMBER'),
  )
})

test('of ten peers that come at once with an invitation for one, one gets in', async t => {
  const host = await community(t)
  const text = await host.invite(1)
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => openMember(text)))
  const joined = results.filter(result => result.status === 'fulfilled')
  t.after(() => Promise.all(joined.map(({ value }) => value[Symbol.asyncDispose]())))
  assert.equal(joined.length, 1)
  for (const result of results)
    if (result.status === 'rejected') assert.ok(isOppuError(result.reason, 'REFUSED'), String(result.reason))
  assert.deepEqual(
    host.coordinator.membership.members().map(({ key }) => key),
    [joined[0]!.value.key],
  )
})

test('the same peer may come again with the same invitation and is counted once', async t => {
  const host = await community(t)
  const text = await host.invite(2)
  const seed = new Uint8Array(randomBytes(32))
  for (let round = 0; round < 3; round++) await (await openMember(text, { seed }))[Symbol.asyncDispose]()
  assert.equal(host.coordinator.membership.invitations()[0]?.used, 1)
  await (await openMember(text))[Symbol.asyncDispose]()
  await assert.rejects(openMember(text), code('REFUSED'))
  await (await openMember(text, { seed }))[Symbol.asyncDispose]()
  assert.equal(host.coordinator.membership.invitations()[0]?.state, 'used up')
})

test('expired, revoked, forged and foreign invitations are refused, each with its code', async t => {
  let time = Date.now()
  const host = await community(t, { now: () => time })
  const elsewhere = await community(t)
  const { membership } = host.coordinator
  const brief = await host.invite(5, HOUR)
  const revoked = await host.invite(5, 2 * HOUR)
  await membership.revoke(invitationFromText(revoked).invitation.id)
  await assert.rejects(openMember(revoked), code('NOT_FOUND'))
  time += HOUR
  await assert.rejects(openMember(brief), code('INVITATION_EXPIRED'))
  time = 8_640_000_000_000_000 - 30 * 24 * HOUR // a clock that jumped as far as there are dates
  await assert.rejects(openMember(brief), code('INVITATION_EXPIRED'))
  time = Date.now() - 1000 * HOUR
  await (await openMember(brief))[Symbol.asyncDispose]() // and back: the coordinator's clock decides, nothing breaks

  const foreign = await elsewhere.invite()
  await assert.rejects(openMember(foreign, { address: host.address }), code('BAD_SIGNATURE'))
  const { invitation } = invitationFromText(brief)
  const forged = invitationToText(signInvitation({ ...invitation, uses: 9 }, new Uint8Array(randomBytes(32))))
  await assert.rejects(openMember(forged), code('BAD_SIGNATURE'))
  assert.equal(membership.members().length, 1)
})

test('an expelled member is cut off within the refresh time, in the middle of what it does, and stays out', async t => {
  const host = await community(t)
  const text = await host.invite(2)
  const seed = new Uint8Array(randomBytes(32))
  await using alice = await openMember(await host.invite(), { refreshMs: 200 })
  await using mallory = await openMember(text, { seed })
  await echo(alice.peer)
  await say(mallory.peer, alice.peer)
  assert.equal(alice.peer.connections().filter(({ peer }) => peer === mallory.peer.id).length, 1)
  const started = performance.now()
  await host.coordinator.membership.expel(mallory.key)
  await until(
    () => !alice.peer.connections().some(({ peer }) => peer === mallory.peer.id),
    'the expelled member is cut off',
    3000,
  )
  assert.ok(performance.now() - started < 3000)
  await assert.rejects(say(mallory.peer, alice.peer), code('CONNECTION_FAILED'))
  await until(
    () =>
      mallory.client.bases().then(
        () => assert.fail('the coordinator answers'),
        error => isOppuError(error, 'NOT_A_MEMBER'),
      ),
    'the coordinator, which has hung up as well, says so',
  )
  await mallory[Symbol.asyncDispose]()
  await assert.rejects(openMember(text, { seed }), code('NOT_A_MEMBER'))
  await host.coordinator.membership.admit(mallory.key)
  await (await openMember(text, { seed }))[Symbol.asyncDispose]()
})

test('one who was let through the door just before the list changed is cut off once connected', async () => {
  await using known = await openPeer()
  await using stranger = await openPeer()
  await using peer = await openPeer() // its door stands open: only what the gate does later counts
  await echo(peer)
  const coordinator = userIdFromSeed(new Uint8Array(32))
  const gate = new MemberGate({ coordinator, coordinatorPeers: [known.id] })
  await gate.attach(peer, async () => ({ serial: 0, keys: [] }))
  assert.equal((await say(known, peer)).length, 10)
  await say(stranger, peer).catch(() => {}) // it may be quick enough for one word
  await until(() => stranger.connections().length === 0, 'the stranger is cut off')
  assert.deepEqual(
    peer.connections().map(({ peer }) => peer),
    [known.id],
  )
})

test('with the coordinator gone, members hear of an expulsion from each other when they connect', async t => {
  const host = await community(t)
  await using alice = await openMember(await host.invite())
  await using bob = await openMember(await host.invite())
  await using carol = await openMember(await host.invite())
  for (const { peer } of [alice, bob, carol]) await echo(peer)
  await alice.gate.refresh()
  await host.coordinator.membership.expel(carol.key)
  await bob.gate.refresh() // bob hears of it, then the coordinator is gone
  await host.stop()
  assert.ok(alice.gate.admits(carol.peer.id), 'alice has not heard')
  await say(carol.peer, alice.peer)
  await say(alice.peer, bob.peer)
  await until(() => !alice.gate.admits(carol.peer.id), 'alice hears from bob')
  await until(
    () => !alice.peer.connections().some(({ peer }) => peer === carol.peer.id),
    'and cuts carol off',
  )
  await assert.rejects(say(carol.peer, alice.peer), code('CONNECTION_FAILED'))
  assert.equal((await say(alice.peer, bob.peer)).length, 10, 'members go on')
  assert.equal(openMembers(alice.kept.at(-1)!, host.coordinator.id).serial, bob.gate.serial)
})

test('one who has just joined is let in at once: the door asks for news', async t => {
  const host = await community(t)
  await using alice = await openMember(await host.invite())
  await echo(alice.peer)
  await using bob = await openMember(await host.invite())
  assert.ok(!alice.gate.admits(bob.peer.id))
  assert.equal((await say(bob.peer, alice.peer)).length, 10)
})

test('an older list never replaces a newer one, and one that is not the coordinator’s is no list', async t => {
  const host = await community(t)
  await using alice = await openMember(await host.invite())
  const old = alice.kept[0]!
  await using bob = await openMember(await host.invite())
  await alice.gate.refresh()
  assert.ok(alice.gate.admits(bob.peer.id))
  assert.equal(await alice.gate.take(old), false)
  assert.ok(alice.gate.admits(bob.peer.id))
  const members = { ...alice.gate.members!, serial: alice.gate.serial + 1, keys: [] as MemberKey[] }
  await assert.rejects(alice.gate.take(signMembers(members, new Uint8Array(32))), code('BAD_SIGNATURE'))
  const bent = { ...old, bytes: old.bytes.with(4, old.bytes[4]! ^ 1) }
  await assert.rejects(alice.gate.take(bent), code('BAD_SIGNATURE'))
  assert.ok(alice.gate.admits(bob.peer.id))
})

test('a chain of keys counts only where it goes on from the known one, whoever hands it over', async t => {
  const host = await community(t)
  await using alice = await openMember(await host.invite())
  await using bob = await openMember(await host.invite())
  const [old, thief, next] = [await host.oldKey(), randomBytes(32), randomBytes(32)]
  const link = (from: Uint8Array, to: Uint8Array, serial: number) => {
    const change = { version: 1, next: userIdFromSeed(to), serial, createdAt: 1000 } as const
    return signBytes('key-change', encodeKeyChange(change), from)
  }
  // A true list behind a chain that only pretends to be longer.
  const before = [link(thief, next, 1), link(next, old, 2)]
  assert.equal(await alice.gate.take(bob.kept.at(-1)!, before), true)
  await host.coordinator.changeKey()
  await using carol = await openMember(await host.invite())
  await alice.gate.refresh()
  assert.ok(alice.gate.admits(carol.peer.id), 'the true change is followed all the same')
  // Whoever has the old key cannot begin another history.
  const list = signMembers({ ...alice.gate.members!, serial: alice.gate.serial + 1, keys: [] }, next)
  const fork = [link(old, thief, 1), link(thief, next, 2)]
  await assert.rejects(alice.gate.take(list, fork), code('BAD_SIGNATURE'))
  assert.ok(alice.gate.admits(carol.peer.id))
})

test('a member begins with a member that it was told of', async t => {
  const host = await community(t)
  await using alice = await openMember(await host.invite())
  const seed = new Uint8Array(randomBytes(32))
  const bob = await openMember(await host.invite(), { seed })
  const signed = bob.kept.at(-1)!
  await bob.peer.close()
  const gate = new MemberGate({
    coordinator: host.coordinator.id,
    coordinatorPeers: [peerIdOf(host.address)],
    list: { signed, keys: [] },
  })
  await alice.gate.refresh()
  await using again = await openPeer({ gate, seed, finding: { bootstrap: alice.peer.addresses() } })
  await until(() => again.connections().some(({ peer }) => peer === alice.peer.id), 'it is dialled')
})

test('members go on after their list has expired, and say so', async t => {
  let time = Date.now()
  const host = await community(t)
  await using alice = await openMember(await host.invite(), { refreshMs: 100, now: () => time })
  await using bob = await openMember(await host.invite())
  await echo(alice.peer)
  await alice.gate.refresh()
  await host.stop()
  time += 400 * 24 * HOUR
  await until(() => alice.notes.some(note => note.includes('expired')), 'it is said')
  assert.equal((await say(bob.peer, alice.peer)).length, 10)
  assert.equal(alice.notes.filter(note => note.includes('expired')).length, 1, 'once')
})

test('a coordinator renews its list before it expires, and keeps everything over a restart', async t => {
  let time = Date.now()
  const host = await community(t, { now: () => time })
  await using alice = await openMember(await host.invite(1, 30 * 24 * HOUR))
  const { serial } = alice.gate
  await alice.gate.refresh()
  assert.equal(alice.gate.serial, serial, 'nothing new')
  time += 6 * 24 * HOUR
  await alice.gate.refresh()
  assert.ok(alice.gate.serial > serial)
  assert.ok(alice.gate.members!.expiresAt > time)
  await host.stop()
  await using again = await host.standIn()
  assert.ok(again.coordinator.membership.admits(alice.key))
  assert.equal(again.coordinator.membership.invitations()[0]?.state, 'used up')
})

test('a stand-in with the same key takes invitations, and its list counts for members of the other', async t => {
  const host = await community(t)
  await using alice = await openMember(await host.invite())
  await echo(alice.peer)
  await using standIn = await host.standIn()
  const unrecorded = await host.invite() // made after the copy was taken
  await host.stop()
  await using bob = await openMember(unrecorded, { address: standIn.address })
  assert.ok(bob.gate.admits(alice.peer.id))
  await assert.rejects(openMember(unrecorded, { address: standIn.address }), code('REFUSED'))
  await alice.gate.take(bob.kept.at(-1)!)
  assert.equal((await say(bob.peer, alice.peer)).length, 10)
})

test('a change of the coordinator’s key keeps members and the invitations that were signed before', async t => {
  const host = await community(t)
  const earlier = await host.invite()
  const { coordinator: pinned } = invitationFromText(earlier)
  await using alice = await openMember(await host.invite())
  await echo(alice.peer)
  await host.coordinator.changeKey()
  await alice.gate.refresh()
  assert.equal(alice.kept.at(-1)?.signer, host.coordinator.id)
  assert.notEqual(host.coordinator.id, pinned)
  await using bob = await openMember(earlier)
  assert.equal((await say(bob.peer, alice.peer)).length, 10)
  await using carol = await openMember(await host.invite())
  assert.equal((await say(carol.peer, alice.peer)).length, 10)
  // Whoever stole the old key can sign no invitation of their own.
  const { invitation } = invitationFromText(earlier)
  const stolen = await host.oldKey()
  const forged = invitationToText(signInvitation({ ...invitation, id: 'c'.repeat(64) as never }, stolen))
  assert.equal(invitationFromText(forged).coordinator, pinned)
  await assert.rejects(openMember(forged), code('BAD_SIGNATURE'))
})

test('strangers at the coordinator are few and say little, however many come', async t => {
  const host = await community(t)
  const strangers = await Promise.all(
    Array.from({ length: STRANGER_LIMITS.connections + 8 }, () => openPeer({ listen: [] })),
  )
  t.after(() => Promise.all(strangers.map(peer => peer.close())))
  let refused = 0
  for (const peer of strangers) {
    const client = new CoordinatorClient({ peer, address: host.address })
    await client.bases().catch((error: unknown) => {
      assert.ok(isOppuError(error, 'NOT_A_MEMBER') || isOppuError(error, 'CONNECTION_FAILED'), String(error))
      if (isOppuError(error, 'CONNECTION_FAILED')) refused++
    })
  }
  assert.equal(refused, 8)
  await Promise.all(strangers.map(peer => peer.close()))
  await using loud = await openPeer({ listen: [] })
  const client = new CoordinatorClient({ peer: loud, address: host.address })
  await until(
    () =>
      client.bases().then(
        () => false,
        error => isOppuError(error, 'NOT_A_MEMBER'),
      ),
    'there is room again',
  )
  let asked = 0
  await until(
    async () => {
      asked++
      await client.bases().catch(() => {})
      return loud.connections().length === 0
    },
    'a stranger that says too much is cut off',
    30_000,
  )
  assert.ok(asked > 20, `${asked} requests`)
})

test('an open coordinator has no list, takes nobody in, and invites nobody', async t => {
  const host = await community(t)
  await using peer = await openPeer({ listen: [] })
  const { openCoordinator } = await import('./fixtures.ts')
  await using open = await openCoordinator()
  const client = new CoordinatorClient({ peer, address: open.address })
  assert.deepEqual(await client.members(0), { serial: 0, keys: [] })
  await assert.rejects(
    open.coordinator.membership.invite({ uses: 1, expiresAt: Date.now() + HOUR, addresses: [open.address] }),
    code('REFUSED'),
  )
  const { signed } = invitationFromText(await host.invite())
  await assert.rejects(client.join(signed), code('BAD_SIGNATURE'))
})

test('a gate without a list lets in the coordinator alone', () => {
  const coordinatorPeers = [
    peerIdOf('/ip4/127.0.0.1/tcp/1/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'),
  ]
  const gate = new MemberGate({ coordinator: 'a'.repeat(64) as never, coordinatorPeers })
  assert.ok(gate.admits(coordinatorPeers[0]!))
  assert.ok(!gate.admits('12D3KooWHdiAxVd8uMQR1hGWXccidmfCwLqcMpGwR6QcTP6QRMuD'))
  assert.ok(!gate.admits('nonsense'))
})
