/** Releases and changes of keys: canonical, signed, and of a chain nothing but the whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import {
  changesMore,
  currentKey,
  decodeKeyChange,
  encodeKeyChange,
  followKeys,
  keysFrom,
} from '../../protocol/key-change.ts'
import { KEY_LIMITS, RELEASE_LIMITS } from '../../protocol/limits.ts'
import { baseId, type Signed, signBytes, userIdFromSeed } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import {
  decodeRelease,
  encodeRelease,
  openRelease,
  parseReleaseName,
  type Release,
  releaseNameOf,
} from '../../protocol/release.ts'
import { manifest } from './samples.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const seed = (index: number) => new Uint8Array(32).fill(index)
const key = (index: number) => userIdFromSeed(seed(index))
const release: Release = {
  version: 1,
  name: 'smollm2',
  tag: 'stable',
  baseId: baseId(manifest),
  serial: 7,
  createdAt: 1_700_000_000_000,
}

test('a release is read as it was written, and in no other form', () => {
  const bytes = encodeRelease(release)
  assert.deepEqual(decodeRelease(bytes), release)
  assert.throws(() => decodeRelease(Buffer.concat([bytes, Buffer.from('3801', 'hex')])), code('INVALID_DATA'))
  assert.throws(() => decodeRelease(new Uint8Array(RELEASE_LIMITS.bytes + 1)), code('TOO_LARGE'))
  const message = oppu.Release.decode(bytes)
  const written = (change: oppu.Release.$Properties) =>
    oppu.Release.encode({ ...message, ...change }).finish()
  assert.throws(() => decodeRelease(written({ version: 2 })), code('PROTOCOL_VIOLATION'))
  for (const wrong of [
    { name: '' },
    { name: 'Smol' },
    { name: '-smol' },
    { name: 'smol:x' },
    { tag: 'st able' },
    { tag: 'x'.repeat(65) },
    { serial: 0 },
    { baseId: new Uint8Array(31) },
  ])
    assert.throws(() => decodeRelease(written(wrong)), code('INVALID_DATA'), JSON.stringify(wrong))
  const longest = { name: 'n'.repeat(64), tag: 't'.repeat(64), serial: Number.MAX_SAFE_INTEGER }
  assert.ok(encodeRelease({ ...release, ...longest }).length <= RELEASE_LIMITS.bytes)
})

test("a release counts under its coordinator's key and its own domain only", () => {
  const bytes = encodeRelease(release)
  assert.deepEqual(openRelease(signBytes('release', bytes, seed(1)), key(1)), release)
  assert.throws(() => openRelease(signBytes('release', bytes, seed(2)), key(1)), code('BAD_SIGNATURE'))
  assert.throws(() => openRelease(signBytes('task', bytes, seed(1)), key(1)), code('BAD_SIGNATURE'))
})

test('names as people write them', () => {
  assert.deepEqual(parseReleaseName('smollm2'), { name: 'smollm2', tag: 'stable' })
  assert.deepEqual(parseReleaseName('smollm2:v1.2'), { name: 'smollm2', tag: 'v1.2' })
  assert.equal(parseReleaseName('A small base'), undefined)
  assert.throws(() => parseReleaseName('smollm2:'), code('INVALID_ARGUMENT'))
  assert.equal(releaseNameOf('SmolLM2 135M (Q4_1)'), 'smollm2-135m-q4_1')
  assert.equal(releaseNameOf('模型'), undefined)
})

function chainOf(...seeds: readonly number[]): Signed[] {
  return seeds.slice(1).map((next, index) => {
    const change = { version: 1, next: key(next), serial: index + 1, createdAt: 1000 } as const
    return signBytes('key-change', encodeKeyChange(change), seed(seeds[index]!))
  })
}

test('whoever pinned any key of a chain gets to the last', () => {
  const chain = chainOf(1, 2, 3)
  assert.deepEqual(followKeys(key(1), chain), [key(1), key(2), key(3)])
  for (const pinned of [1, 2, 3]) assert.equal(currentKey(key(pinned), chain), key(3))
  assert.equal(currentKey(key(9), []), key(9))
  assert.throws(() => currentKey(key(9), chain), code('BAD_SIGNATURE'))
})

test('what a chain says of keys before the pinned one counts for nothing', () => {
  const chain = chainOf(1, 2, 3)
  assert.deepEqual(keysFrom(key(2), chain), { keys: [key(2), key(3)], changes: chain.slice(1) })
  const before = chainOf(9, 1) // anyone can sign that his key came before
  assert.deepEqual(keysFrom(key(1), before), { keys: [key(1)], changes: [] })
})

test('of two chains one goes on from the other, or they are of two coordinators', () => {
  const [short, long, fork] = [chainOf(1, 2), chainOf(1, 2, 3), chainOf(1, 4, 5)]
  assert.equal(changesMore(key(1), short, long), 1)
  assert.equal(changesMore(key(1), long, []), -2)
  assert.equal(changesMore(key(2), short, long), 1)
  assert.equal(
    changesMore(key(1), [], chainOf(9, 8, 1)),
    0,
    'what comes before the pinned key makes nothing longer',
  )
  assert.throws(() => changesMore(key(1), short, fork), code('BAD_SIGNATURE'))
})

test('a chain with a forged, missing, repeated or turned link is none', () => {
  const [first, second] = chainOf(1, 2, 3) as [Signed, Signed]
  const forged = signBytes('key-change', second.bytes, seed(9))
  assert.throws(() => followKeys(key(1), [first, forged]), code('BAD_SIGNATURE'))
  assert.throws(() => followKeys(key(1), [first, { ...forged, signer: key(2) }]), code('BAD_SIGNATURE'))
  assert.throws(() => currentKey(key(1), [second]), code('INVALID_DATA'))
  assert.throws(() => followKeys(key(1), [second, first]), code('BAD_SIGNATURE'))
  assert.throws(() => followKeys(key(1), chainOf(1, 2, 1)), code('INVALID_DATA'))
  const otherDomain = signBytes('manifest', first.bytes, seed(1))
  assert.throws(() => followKeys(key(1), [otherDomain]), code('BAD_SIGNATURE'))
  const many = Array<Signed>(KEY_LIMITS.changes + 1).fill(first)
  assert.throws(() => followKeys(key(1), many), code('TOO_LARGE'))
})

test('a change of keys is read as it was written, and in no other form', () => {
  const change = {
    version: 1,
    next: key(2),
    serial: KEY_LIMITS.changes,
    createdAt: 8_640_000_000_000_000,
  } as const
  const bytes = encodeKeyChange(change)
  assert.deepEqual(decodeKeyChange(bytes), change)
  assert.throws(
    () => decodeKeyChange(Buffer.concat([bytes, Buffer.from('2801', 'hex')])),
    code('INVALID_DATA'),
  )
  assert.throws(
    () => decodeKeyChange(oppu.KeyChange.encode({ version: 3 }).finish()),
    code('PROTOCOL_VIOLATION'),
  )
  assert.throws(() => encodeKeyChange({ ...change, serial: 0 }), code('INVALID_DATA'))
})
