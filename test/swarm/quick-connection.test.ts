/** What quick-connection.ts mends is there to be mended: a new version of libp2p that looks different inside is noticed here. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { quickNoise, quickTcp, widen } from '../../node/swarm/quick-connection.ts'

interface Inside {
  readonly socket?: Socket
  decrypt?: { call(self: unknown, frame: Uint8Array): unknown }
  recvWindow?: number
}

test('connections and streams of this version of libp2p are mended, and carry what is sent', async t => {
  const raw: Inside[] = []
  const secured: Inside[] = []
  const open = async (listen: string[]) => {
    const node = await createLibp2p({
      addresses: { listen },
      transports: [quickTcp(tcp())],
      connectionEncrypters: [
        components => {
          const encrypter = quickNoise(noise())(components)
          for (const method of ['secureInbound', 'secureOutbound'] as const) {
            const secure = encrypter[method]
            encrypter[method] = async (connection, options) => {
              const made = await secure.call(encrypter, connection, options)
              raw.push(connection as Inside)
              secured.push(made.connection as Inside)
              return made
            }
          }
          return encrypter
        },
      ],
      streamMuxers: [yamux()],
    })
    t.after(() => node.stop())
    return node
  }
  const [there, here] = [await open(['/ip4/127.0.0.1/tcp/0']), await open([])]
  const sent = Uint8Array.from({ length: 3_000_000 }, (_, at) => at * 7)
  await there.handle('/test', async stream => {
    stream.send(sent)
    await stream.close()
  })
  const stream = await here.dialProtocol(there.getMultiaddrs(), '/test')
  widen(stream, 4 << 20)
  assert.ok((stream as Inside).recvWindow! >= 4 << 20)
  const came: Uint8Array[] = []
  for await (const piece of stream) came.push(piece.subarray().slice())
  assert.ok(Buffer.concat(came).equals(sent))
  assert.equal(raw.length, 2)
  for (const connection of raw) {
    assert.ok(connection.socket !== undefined)
    assert.ok(Object.hasOwn(connection, 'sendData'), 'writes are joined')
  }
  for (const connection of secured) {
    for (const name of ['decrypt', 'onData']) assert.ok(Object.hasOwn(connection, name), name)
    assert.throws(() => connection.decrypt!.call(connection, new Uint8Array(15)), /shorter than its tag/)
  }
})
