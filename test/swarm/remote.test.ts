/** What becomes of the memory of a chunk: handed over when it came whole, given back when it did not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer } from '../../node/swarm/peer.ts'
import { Remote } from '../../node/swarm/remote.ts'
import { OppuError } from '../../protocol/errors.ts'
import { encodeChunksAnswer } from '../../protocol/exchange.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeFrame, serve } from '../../protocol/rpc.ts'
import { duplexPair } from '../protocol/pair.ts'
import { MemoryChunks, makeBase } from './fixtures.ts'

const whole = new MemoryChunks(makeBase([12_288], { chunkSize: 4096 }), true)

/** Asks for chunks 0 and 1 of a peer that sends `bytes` of them; answers how many places were whole and broken. */
async function ask(bytes: number) {
  const [client, server] = duplexPair(1000)
  const both = Buffer.concat([await whole.read(0), await whole.read(1)])
  const served = serve(
    server,
    async () => {
      await server.send(
        encodeFrame(oppu.Reply.encode({ body: encodeChunksAnswer([0, 1]), streamBytes: 8192 }).finish()),
      )
      await server.send(both.subarray(0, bytes))
      await server.end()
      throw new OppuError('UNAVAILABLE', 'no more')
    },
    { maximumRequest: 1000 },
  )
  served.catch(() => {})
  const peer = { dial: async () => client } as unknown as Peer
  const remote = new Remote({ peer, outline: whole.outline, id: 'x', address: 'x', windowMs: 1000 })
  const [placed, came, broken]: [unknown[], unknown[], unknown[]] = [[], [], []]
  await remote
    .chunks(
      {
        candidates: [0, 1],
        count: 2,
        place: chunk => {
          const place = new Uint8Array(whole.outline.length(chunk))
          placed.push(place)
          return place
        },
        onChosen: () => {},
        onChunk: (_, bytes) => came.push(bytes),
        onBroken: bytes => broken.push(bytes),
      },
      new AbortController().signal,
    )
    .catch(() => {})
  assert.deepEqual([...came, ...broken], placed, 'each place is handed on once')
  return [came.length, broken.length]
}

test('every place is handed on once: with its chunk, or broken', async () => {
  assert.deepEqual(await ask(8192), [2, 0])
  assert.deepEqual(await ask(6000), [1, 1])
  assert.deepEqual(await ask(4096), [1, 1])
  assert.deepEqual(await ask(0), [0, 1])
})
