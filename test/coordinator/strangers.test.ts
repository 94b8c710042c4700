/** What a stranger with a program of its own can cost a private coordinator, below what the protocol lets anyone say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { STRANGER_LIMITS } from '../../protocol/limits.ts'
import { openCommunity, openMember } from '../swarm/community.ts'

/** The sealed bytes under a connection's multiplexer, which no program of ours writes to. */
interface Inside {
  readonly muxer: { readonly maConn: { readonly status: string; send(bytes: Uint8Array): boolean } }
}

test('a frame that claims 4 GiB is cut off after a few KiB, and members notice nothing', async () => {
  await using host = await openCommunity()
  await using member = await openMember(await host.invite())
  const stranger = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  })
  try {
    const connection = await stranger.dial(multiaddr(host.address))
    const { maConn } = (connection as unknown as Inside).muxer
    const header = Buffer.alloc(12)
    header.writeUInt16BE(1, 2) // opens a stream
    header.writeUInt32BE(1, 4)
    header.writeUInt32BE(0xffffffff, 8)
    maConn.send(header)
    const piece = new Uint8Array(STRANGER_LIMITS.bytes / 4)
    let sent = 0
    while (maConn.status === 'open' && sent < 100 * STRANGER_LIMITS.bytes) {
      maConn.send(piece)
      sent += piece.length
      await setTimeout(5)
    }
    assert.notEqual(maConn.status, 'open')
    // What was on its way when the limit was reached is the stranger's own buffer and the kernel's.
    assert.ok(sent < 20 * STRANGER_LIMITS.bytes, `${sent} bytes were sent`)
    assert.deepEqual(await member.client.bases(), [])
  } finally {
    await stranger.stop()
  }
})
