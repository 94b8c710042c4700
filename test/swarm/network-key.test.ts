/** The network key in noise's handshake: what someone who has not got it can read, if they stop at nothing. */
import assert from 'node:assert/strict'
import { createDecipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { keyOfPeer } from '../../node/swarm/gate.ts'
import { noiseSettings } from '../../protocol/network-key.ts'
import { openPeer } from './fixtures.ts'

/** Reads the answerer's handshake message without looking at its tags, as no well-behaved program does. */
async function readAnswerer(address: string, networkKey?: Uint8Array): Promise<Buffer> {
  const socket = connect(Number(address.match(/tcp\/(\d+)/)?.[1]), '127.0.0.1')
  await once(socket, 'connect')
  let received = Buffer.alloc(0)
  socket.on('data', bytes => {
    received = Buffer.concat([received, bytes])
  })
  const select = (text: string) => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(`${text}\n`)])
  const hello = Buffer.concat([select('/multistream/1.0.0'), select('/noise')])
  const own = defaultCrypto.generateX25519KeyPair()
  socket.write(Buffer.concat([hello, Buffer.from([0, 32]), own.publicKey as Uint8Array]))
  const whole = () => {
    const rest = received.subarray(hello.length)
    return rest.length > 2 && rest.length >= 2 + rest.readUInt16BE(0) ? rest.subarray(2) : undefined
  }
  while (whole() === undefined) await once(socket, 'data')
  const message = whole()!
  socket.destroy()
  const { crypto } = noiseSettings(defaultCrypto, networkKey)
  const theirs = message.subarray(0, 32)
  const name = Buffer.from('Noise_XX_25519_ChaChaPoly_SHA256') // 32 bytes: the first chaining key as it is
  const [ck, k1] = crypto.getHKDF(name, crypto.generateX25519SharedKey(own.privateKey, theirs))
  const staticKey = unsealed(k1, message.subarray(32, 64))
  const [, k2] = crypto.getHKDF(ck, crypto.generateX25519SharedKey(own.privateKey, staticKey))
  return unsealed(k2, message.subarray(32 + 48, -16))
}

/** ChaCha20 from its second block on: what ChaCha20-Poly1305 seals, with no regard to the tag. */
function unsealed(key: Uint8Array, bytes: Uint8Array): Buffer {
  const counter = Buffer.alloc(16)
  counter.writeUInt32LE(1)
  return createDecipheriv('chacha20', key, counter).update(bytes)
}

test('without a network key whoever reaches an address reads the key that answers there; with one, nobody else does', async () => {
  await using open = await openPeer()
  const identity = Buffer.from(keyOfPeer(open.id)!, 'hex')
  assert.ok((await readAnswerer(open.addresses()[0]!)).includes(identity), 'this reads what there is')

  const networkKey = new Uint8Array(randomBytes(32))
  await using closed = await openPeer({ networkKey })
  const [address] = closed.addresses() as [string]
  const key = Buffer.from(keyOfPeer(closed.id)!, 'hex')
  assert.ok((await readAnswerer(address, networkKey)).includes(key), 'who has the key can')
  for (const other of [undefined, new Uint8Array(32)])
    assert.ok(!(await readAnswerer(address, other)).includes(key), 'who has not, cannot')
})

test('a network key of another length is a mistake of the program', () => {
  assert.throws(() => noiseSettings(defaultCrypto, new Uint8Array(31)), TypeError)
  assert.deepEqual(noiseSettings(defaultCrypto, undefined), { crypto: defaultCrypto })
})
