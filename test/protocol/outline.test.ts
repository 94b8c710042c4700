/** Trees and outlines against a small recursive implementation written from RFC 9162's definitions, and golden values. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { idFromBytes, type TreeRoot } from '../../protocol/ids.ts'
import { KIB } from '../../protocol/limits.ts'
import { baseId, decodeManifest, encodeManifest, type ManifestV2 } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import {
  type ChunkList,
  decodeOutline,
  encodeOutline,
  Outline,
  type OutlinePart,
  rootOf,
  verifyPart,
} from '../../protocol/outline.ts'
import { leafHash, Tree, verifyRange } from '../../protocol/tree.ts'
import { manifest as versionOne } from './samples.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const sha = (...parts: readonly (Uint8Array | string)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leaf = (i: number) => sha(`leaf ${i}`)
const leaves = (from: number, to: number) =>
  Buffer.concat(Array.from({ length: to - from }, (_, i) => leaf(from + i)))

/** MTH of RFC 9162, over hashes that are leaves already. */
function rootByDefinition(list: readonly Buffer[]): Buffer {
  if (list.length === 1) return list[0]!
  let k = 1
  while (k * 2 < list.length) k *= 2
  return sha(Uint8Array.of(1), rootByDefinition(list.slice(0, k)), rootByDefinition(list.slice(k)))
}

test('the tree has the shape of RFC 9162, and its leaves bind place, length and hash', () => {
  for (let n = 1; n <= 70; n++) {
    const list = Array.from({ length: n }, (_, i) => leaf(i))
    assert.deepEqual(Buffer.from(new Tree(leaves(0, n)).root), rootByDefinition(list), `${n} leaves`)
  }
  const [a, b, c] = [leaf(0), leaf(1), leaf(2)]
  const byHand = sha(Uint8Array.of(1), sha(Uint8Array.of(1), a, b), c)
  assert.deepEqual(Buffer.from(new Tree(leaves(0, 3)).root), byHand)
  assert.equal(
    Buffer.from(new Tree(leaves(0, 7)).root).toString('hex'),
    '54320cdb7b162906c4b42b1a0ee921abc2f78f8c4d370b2ce5f01095eb80e006',
  )
  const bytes = Buffer.alloc(1 + 8 + 4)
  bytes.writeUInt32BE(2, 1) // 2 ** 33 + 5
  bytes.writeUInt32BE(5, 5)
  bytes.writeUInt32BE(1024, 9)
  assert.deepEqual(Buffer.from(leafHash(2 ** 33 + 5, 1024, a)), sha(bytes, a))
  assert.throws(() => new Tree(new Uint8Array(0)), TypeError)
  assert.throws(() => new Tree(new Uint8Array(33)), TypeError)
})

test('every range of every small tree is proven, by no more nodes than two a level, and nothing else is', () => {
  for (let n = 1; n <= 20; n++) {
    const tree = new Tree(leaves(0, n))
    for (let first = 0; first < n; first++) {
      for (let count = 1; first + count <= n; count++) {
        const proof = tree.rangeProof(first, count)
        const shown = leaves(first, first + count)
        const good = (changes: { n?: number; first?: number; shown?: Uint8Array; proof?: Uint8Array }) =>
          verifyRange(
            tree.root,
            changes.n ?? n,
            changes.first ?? first,
            changes.shown ?? shown,
            changes.proof ?? proof,
          )
        const what = `${first}+${count} of ${n}`
        assert.ok(good({}), what)
        assert.ok(proof.length / 32 <= 2 * Math.ceil(Math.log2(n)), what)
        assert.ok(!good({ shown: Buffer.concat([leaf(99), shown.subarray(32)]) }), what)
        assert.ok(!good({ proof: Buffer.concat([proof, leaf(1)]) }), what)
        assert.ok(!good({ proof: Buffer.concat([proof, Uint8Array.of(0)]) }), what)
        if (proof.length > 0) {
          assert.ok(!good({ proof: proof.subarray(32) }), what)
          assert.ok(!good({ proof: Buffer.concat([leaf(99), proof.subarray(32)]) }), what)
          if (first + count < n) assert.ok(!good({ first: first + 1 }), what)
        }
        if (first > 0) assert.ok(!good({ first: first - 1 }), what)
      }
    }
    for (const [first, count] of [
      [0, 0],
      [-1, 1],
      [0, n + 1],
      [0.5, 1],
    ] as const)
      assert.throws(() => tree.rangeProof(first, count), TypeError)
    assert.equal(verifyRange(tree.root, n, 0, new Uint8Array(0), new Uint8Array(0)), false)
  }
})

/** Lengths by file, hashes made up. */
const listOf = (file: number, lengths: readonly number[]): ChunkList => ({
  lengths: Uint32Array.from(lengths),
  hashes: Uint8Array.from(Buffer.concat(lengths.map((_, i) => sha(`${file}/${i}`)))),
})
const LISTS = [
  listOf(0, [10]),
  listOf(1, []),
  listOf(2, [4096, 70_000, 4 * 1024 * KIB, 9000, 1]),
  listOf(3, [5000, 4096, 12_345]),
]
const NAMES = ['config.json', 'empty', 'model/a.safetensors', 'model/b.safetensors']

function manifestOf(lists: readonly ChunkList[]): ManifestV2 {
  return {
    version: 2,
    name: 'A small base',
    format: 'huggingface',
    architecture: 'LlamaForCausalLM',
    licence: 'Apache-2.0',
    files: lists.map((list, file) => {
      const root = rootOf(list)
      return {
        path: NAMES[file]!,
        size: list.lengths.reduce((sum, length) => sum + length, 0),
        root: root && idFromBytes<TreeRoot>(root),
        chunkCount: list.lengths.length,
      }
    }),
  }
}
const MANIFEST = manifestOf(LISTS)

test('a version-2 manifest is pinned, decodes to the same, and refuses what breaks a rule', () => {
  assert.equal(baseId(MANIFEST), '45e9d416f823cbf73d8c74937e374242c918bec6c1243366d6ac1ced703ca940')
  assert.deepEqual(decodeManifest(encodeManifest(MANIFEST)), MANIFEST)
  const [config, empty, model] = MANIFEST.files
  const files = (...files: ManifestV2['files'][number][]) => ({ ...MANIFEST, files })
  const root = config!.root
  const broken: Record<string, ManifestV2> = {
    'no root': files({ ...config!, root: undefined }),
    'a root of nothing': files(config!, { ...empty!, root }),
    'no chunks': files({ ...config!, chunkCount: 0 }),
    'a chunk of nothing': files(config!, { ...empty!, chunkCount: 1 }),
    'too few chunks': files({ ...model!, chunkCount: 1 }),
    'too many chunks': files({ ...config!, chunkCount: 2 }),
    'too many chunks in all': files(
      { ...config!, path: 'a', size: 2 ** 31, chunkCount: 2 ** 19 },
      { ...config!, path: 'b' },
    ),
    'only empty files': files(empty!),
    'files out of order': files(empty!, config!),
  }
  for (const [what, bad] of Object.entries(broken))
    assert.throws(() => encodeManifest(bad), code('INVALID_DATA'), what)
  const message = oppu.Manifest.decode(encodeManifest(MANIFEST))
  for (const other of [
    { ...message, chunkSize: 4096 },
    { ...message, files: message.files.map(file => ({ ...file, chunks: new Uint8Array(32) })) },
    { ...message, files: message.files.map(file => ({ ...file, root: new Uint8Array(31) })) },
  ])
    assert.throws(() => decodeManifest(oppu.Manifest.encode(other).finish()), code('INVALID_DATA'))
})

test('an outline numbers the chunks through all files, of either version', () => {
  const outline = Outline.of(MANIFEST, LISTS)
  assert.equal(outline.id, baseId(MANIFEST))
  assert.deepEqual(
    [outline.count, outline.bytes],
    [9, MANIFEST.files.reduce((sum, { size }) => sum + size, 0)],
  )
  assert.deepEqual(
    [0, 1, 2, 3, 4].map(file => outline.firstOf(file)),
    [0, 1, 1, 6, 9],
  )
  const places = Array.from({ length: 9 }, (_, index) => outline.chunk(index))
  assert.deepEqual(
    places.map(({ file, offset }) => [file, offset]),
    [
      ...[[0, 0]],
      ...[0, 4096, 74_096, 74_096 + 4096 * KIB, 83_096 + 4096 * KIB].map(offset => [2, offset]),
      ...[0, 5000, 9096].map(offset => [3, offset]),
    ],
  )
  assert.equal(places[7]!.hash, sha('3/1').toString('hex'))
  assert.equal(outline.length(8), 12_345)
  for (const index of [-1, 9, 0.5, Number.NaN]) {
    assert.throws(() => outline.chunk(index), TypeError)
    assert.throws(() => outline.hash(index), TypeError)
  }
  assert.throws(() => outline.firstOf(5), TypeError)

  const one = Outline.ofVersion1(versionOne)
  assert.deepEqual([one.id, one.count, one.bytes], [baseId(versionOne), 4, 8203])
  assert.deepEqual(one.chunk(3), { file: 2, offset: 8192, length: 1, hash: 'd'.repeat(64) })
})

test('a kept outline is believed only where it is the one of its manifest', () => {
  const outline = Outline.of(MANIFEST, LISTS)
  const bytes = encodeOutline(outline)
  const again = decodeOutline(MANIFEST, bytes)
  assert.deepEqual(encodeOutline(again), bytes)
  assert.equal(again.hash(5), outline.hash(5))
  for (const wrong of [
    bytes.subarray(1),
    bytes.subarray(36),
    Buffer.concat([bytes, bytes]),
    new Uint8Array(0),
  ])
    assert.throws(() => decodeOutline(MANIFEST, wrong), code('INVALID_DATA'))
  for (let at = 0; at < bytes.length; at++) {
    const wrong = Uint8Array.from(bytes)
    wrong[at]! ^= 1
    assert.throws(
      () => decodeOutline(MANIFEST, wrong),
      (error: unknown) => isOppuError(error),
      `byte ${at}`,
    )
  }
  const [config, empty, model, other] = LISTS
  for (const lists of [
    [config!, empty!, model!],
    [config!, empty!, model!, listOf(3, [5000, 4096])],
    [config!, empty!, listOf(2, [4096, 70_000, 9000, 1, 4 * 1024 * KIB]), other!],
    [config!, empty!, listOf(2, [4095, 70_001, 4 * 1024 * KIB, 9000, 1]), other!],
    [config!, empty!, model!, listOf(3, [5000, 4097, 12_345])],
  ])
    assert.throws(() => Outline.of(MANIFEST, lists), code('INVALID_DATA'))
  assert.throws(
    () => Outline.of(MANIFEST, [config!, empty!, model!, listOf(3, [5001, 4096, 12_344])]),
    code('HASH_MISMATCH'),
  )
})

test('a part of a list is proven from the root alone', () => {
  const outline = Outline.of(MANIFEST, LISTS)
  const file = MANIFEST.files[2]!
  for (let first = 0; first < 5; first++) {
    for (let count = 1; first + count <= 5; count++) {
      const part = outline.part(2, first, count)
      verifyPart(file, first, part)
      const wrong: Record<string, Partial<OutlinePart>> = {
        'another place': { offset: part.offset + 1 },
        'another hash': { hashes: part.hashes.map(byte => byte ^ 1) },
        'a hash too few': { hashes: part.hashes.subarray(32) },
        'a node too many': { proof: Buffer.concat([part.proof, leaf(0)]) },
        nothing: { lengths: new Uint32Array(0), hashes: new Uint8Array(0) },
      }
      for (const [what, change] of Object.entries(wrong))
        assert.throws(
          () => verifyPart(file, first, { ...part, ...change }),
          (error: unknown) => isOppuError(error, 'HASH_MISMATCH') || isOppuError(error, 'INVALID_DATA'),
          `${what} at ${first}+${count}`,
        )
      assert.throws(() => verifyPart(file, first + 5, part), code('INVALID_DATA'))
    }
  }
  assert.throws(() => outline.part(1, 0, 1), TypeError)
  assert.throws(() => outline.part(2, 4, 2), TypeError)
})
