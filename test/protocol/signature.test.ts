/** Signatures: against RFC 8032, against Node's own Ed25519, and every way to pass off one thing as another. */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { isOppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import {
  decodeSigned,
  encodeSigned,
  openLicence,
  signBytes,
  signLicence,
  userIdFromSeed,
  verifyBytes,
} from '../../protocol/manifest.ts'

const bad = (error: unknown) => isOppuError(error, 'BAD_SIGNATURE')
const seed = new Uint8Array(
  Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
)
const other = new Uint8Array(32).fill(9)
const bytes = new TextEncoder().encode('content')

test('a seed gives the public key of RFC 8032, test 1', () => {
  assert.equal(userIdFromSeed(seed), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
})

test('what we sign, Node verifies over the bytes the specification gives', () => {
  const signed = signBytes('task', bytes, seed)
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signed.signer, 'hex').toString('base64url') },
    format: 'jwk',
  })
  assert.ok(verify(null, Buffer.concat([Buffer.from('oppu/1/task\n'), bytes]), key, signed.signature))
})

test('a good signature gives the bytes back; another domain, key, byte or signer does not', () => {
  const signed = signBytes('manifest', bytes, seed)
  const id = userIdFromSeed(seed)
  assert.deepEqual(verifyBytes('manifest', decodeSigned(encodeSigned(signed), 100), id), Buffer.from(bytes))
  assert.throws(() => verifyBytes('task', signed, id), bad)
  assert.throws(() => verifyBytes('manifest', signed, userIdFromSeed(other)), bad)
  assert.throws(() => verifyBytes('manifest', { ...signed, signer: userIdFromSeed(other) }), bad)
  for (let bit = 0; bit < 512; bit += 37) {
    const signature = signed.signature.slice()
    signature[bit >> 3]! ^= 1 << (bit & 7)
    assert.throws(() => verifyBytes('manifest', { ...signed, signature }, id), bad)
  }
  assert.throws(
    () => verifyBytes('manifest', { ...signed, bytes: Buffer.concat([bytes, Buffer.from([0])]) }, id),
    bad,
  )
})

test('a licence is bound to its base', () => {
  const [one, two] = ['1'.repeat(64) as BaseId, '2'.repeat(64) as BaseId]
  const signed = signLicence(one, 'Be kind. ä', seed)
  assert.equal(openLicence(one, signed, userIdFromSeed(seed)), 'Be kind. ä')
  assert.throws(() => openLicence(two, signed, userIdFromSeed(seed)), bad)
  assert.throws(() => openLicence(one, signed, userIdFromSeed(other)), bad)
})
