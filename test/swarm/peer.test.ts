/** Peers over real libp2p: identity, counting, closing, and bytes that are no protocol at all. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { type Outgoing, Peer, peerIdOf, userIdOfAddress } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { idToBytes } from '../../protocol/ids.ts'
import { CHUNK_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { baseId, userIdFromSeed } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { call, encodeFrame, serve } from '../../protocol/rpc.ts'
import { MemoryChunks, makeBase, openPeer } from './fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const ECHO = '/oppu/test-echo/1.0.0'
const echo = { category: 'chunk', maximumStreams: 4 } as const
const asking = { category: 'chunk-request' } as const
const text = (value: string) => new TextEncoder().encode(value)
type Addresses = [string, ...string[]]

async function echoing(peer: Peer): Promise<Addresses> {
  await peer.handle(ECHO, echo, (duplex, { signal }) =>
    serve(duplex, async body => ({ body }), { maximumRequest: 100, signal }),
  )
  return peer.addresses() as Addresses
}

test('a seed is an identity: the same id and key every time', async () => {
  const seed = new Uint8Array(32).fill(77)
  await using peer = await openPeer({ seed })
  const [address] = peer.addresses()
  assert.equal(peerIdOf(address!), peer.id)
  assert.equal(userIdOfAddress(address!), userIdFromSeed(seed))
})

test('every byte that leaves is audited under its category, every byte that comes is counted', async () => {
  const [sentByA, sentByB]: [Outgoing[], Outgoing[]] = [[], []]
  await using a = await openPeer({ audit: message => sentByA.push(message) })
  await using b = await openPeer({ listen: [], audit: message => sentByB.push(message) })
  const addresses = await echoing(a)
  await call(await b.dial(addresses, ECHO, asking), text('hello'), { maximumReply: 100 })
  assert.deepEqual(sentByB, [{ category: 'chunk-request', peer: a.id, protocol: ECHO, bytes: 9 }])
  assert.equal(sentByA[0]?.category, 'chunk')
  assert.equal(sentByA[0].peer, b.id)
  assert.equal(a.received.get(b.id), 9)
  assert.equal(b.received.get(a.id), sentByA[0].bytes)
})

test('another key at the address, an unknown protocol, no one there: each its code', async () => {
  await using a = await openPeer()
  await using b = await openPeer()
  const [address] = await echoing(a)
  const other = address.replace(a.id, b.id)
  await using c = await openPeer({ listen: [] })
  await assert.rejects(c.dial([other], ECHO, asking), code('CONNECTION_FAILED'))
  await assert.rejects(c.dial([address], '/oppu/unknown/1.0.0', asking), code('PROTOCOL_VIOLATION'))
  for (const wrong of [
    '/ip4/127.0.0.1/tcp/9999',
    `${address.slice(0, -1)}?`,
    '/ip4/127.0.0.1/tcp/1/p2p/12D3KooW',
  ]) {
    await assert.rejects(c.dial([wrong], ECHO, asking), code('INVALID_ARGUMENT'), wrong)
    assert.throws(() => peerIdOf(wrong), code('INVALID_ARGUMENT'), wrong)
    assert.throws(() => userIdOfAddress(wrong), code('INVALID_ARGUMENT'), wrong)
  }
  await assert.rejects(
    Peer.open({ seed: new Uint8Array(32), listen: ['127.0.0.1:80'] }),
    code('INVALID_ARGUMENT'),
  )
  const taken = address.replace(/\/p2p\/.*/, '')
  await assert.rejects(openPeer({ listen: [taken] }), code('CONNECTION_FAILED'))
})

test('closing ends streams on both sides, can be done twice, and ends every use', async () => {
  const a = await openPeer()
  const addresses = await echoing(a)
  await using b = await openPeer({ listen: [] })
  let stopped = false
  await a.handle('/oppu/test-never/1.0.0', echo, (_, { signal }) =>
    once(signal, 'abort').then(() => {
      stopped = true
    }),
  )
  const hanging = call(await b.dial(addresses, '/oppu/test-never/1.0.0', asking), text('x'), {
    maximumReply: 100,
  })
  const failed = assert.rejects(hanging, code('CONNECTION_FAILED'))
  await call(await b.dial(addresses, ECHO, asking), text('x'), { maximumReply: 100 })
  await Promise.all([a.close(), a.close()])
  assert.ok(stopped, 'close waited for the handler')
  await failed
  await assert.rejects(a.dial(addresses, ECHO, asking), code('CLOSED'))
  await assert.rejects(
    a.handle(ECHO, echo, async () => {}),
    code('CLOSED'),
  )
  await assert.rejects(b.dial(addresses, ECHO, asking), code('CONNECTION_FAILED'))
})

test('closing does not wait for ever for a handler that waits for what will not come', async () => {
  const a = await openPeer()
  await using b = await openPeer({ listen: [] })
  const called = Promise.withResolvers<void>()
  await a.handle(ECHO, echo, () => {
    called.resolve()
    return new Promise(() => {})
  })
  const duplex = await b.dial(a.addresses() as Addresses, ECHO, asking)
  await duplex.send(text('hello'))
  await called.promise
  await a.close()
  assert.equal(a.connections().length, 0)
})

test('a provider refuses what it cannot serve and outlives garbage on its streams and on its port', async () => {
  const base = makeBase([10_000], { chunkSize: 4096 })
  const id = idToBytes(baseId(base.manifest))
  await using peer = await openPeer()
  await using provider = await Provider.open(peer, [new MemoryChunks(base, true)])
  await using asker = await openPeer({ listen: [] })
  const addresses = peer.addresses() as Addresses
  const ask = async (request: Uint8Array) => {
    let bytes = 0
    const consume = (piece: Uint8Array) => {
      bytes += piece.length
    }
    await call(await asker.dial(addresses, PROTOCOLS.chunks, asking), request, {
      maximumReply: 300,
      maximumStream: 20_000,
      consume,
    })
    return bytes
  }
  const chunks = (fields: oppu.ChunkRequest.$Properties) =>
    oppu.ChunkRequest.encode({ baseId: id, file: 0, firstChunk: 0, chunkCount: 3, ...fields }).finish()
  assert.equal(await ask(chunks({})), 10_000)
  assert.equal(await ask(chunks({ firstChunk: 2, chunkCount: 1 })), 10_000 - 8192)
  await assert.rejects(ask(chunks({ baseId: new Uint8Array(32) })), code('NOT_FOUND'))
  await assert.rejects(ask(chunks({ baseId: new Uint8Array(3) })), code('PROTOCOL_VIOLATION'))
  for (const wrong of [
    { file: 1 },
    { chunkCount: 4 },
    { chunkCount: 0 },
    { firstChunk: 3 },
    { firstChunk: 2 ** 32 - 1, chunkCount: 2 ** 32 - 1 },
  ]) {
    await assert.rejects(ask(chunks(wrong)), code('INVALID_ARGUMENT'), JSON.stringify(wrong))
  }
  await assert.rejects(ask(new Uint8Array(CHUNK_LIMITS.request + 1)), code('TOO_LARGE'))
  await assert.rejects(ask(Buffer.from('ffffff', 'hex')), code('INVALID_DATA'))

  for (let round = 0; round < 20; round++) {
    const duplex = await asker.dial(addresses, PROTOCOLS.chunks, asking)
    duplex.receive({ data() {}, end() {} })
    const garbage = round % 2 === 0 ? randomBytes(1 + round * 50) : encodeFrame(randomBytes(round))
    await duplex.send(garbage).catch(() => {})
    if (round % 3 === 0) duplex.abort(new Error('gone'))
    else await duplex.end().catch(() => {})
  }
  const port = Number(addresses[0].match(/tcp\/(\d+)/)?.[1])
  for (const bytes of [randomBytes(2000), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(0)]) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.end(bytes)
  }
  assert.equal(await ask(chunks({})), 10_000)
  provider.remove(baseId(base.manifest))
  await assert.rejects(ask(chunks({})), code('NOT_FOUND'))
})

test('a provider that cannot read, or reads another length, fails the call and no more', async () => {
  const base = makeBase([10_000], { chunkSize: 4096 })
  await using peer = await openPeer()
  let mode = 'fail'
  const chunks = Object.assign(new MemoryChunks(base, true), {
    async read(chunk: number): Promise<Uint8Array> {
      if (mode === 'fail') throw new Error('EIO')
      return new Uint8Array(mode === 'long' ? 5000 : chunk === 2 ? 1 : 4096)
    },
  })
  await using _provider = await Provider.open(peer, [chunks])
  await using asker = await openPeer({ listen: [] })
  const request = oppu.ChunkRequest.encode({
    baseId: idToBytes(baseId(base.manifest)),
    file: 0,
    firstChunk: 0,
    chunkCount: 3,
  }).finish()
  for (mode of ['fail', 'short', 'long']) {
    const duplex = await asker.dial(peer.addresses() as Addresses, PROTOCOLS.chunks, asking)
    await assert.rejects(
      call(duplex, request, { maximumReply: 300, maximumStream: 20_000 }),
      code('CONNECTION_FAILED'),
      mode,
    )
  }
})

test('listening on every interface gives addresses that others can dial', async () => {
  await using a = await openPeer({ listen: ['/ip4/0.0.0.0/tcp/0'] })
  await using b = await openPeer({ listen: [] })
  const addresses = await echoing(a)
  assert.ok(addresses.every(address => !address.includes('0.0.0.0')))
  for (const address of addresses) {
    await call(await b.dial([address], ECHO, asking), text('x'), { maximumReply: 100 })
    await b.hangUp(a.id)
  }
})
