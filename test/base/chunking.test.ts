/** Cuts by content: the file is covered, lengths keep their bounds, and a change moves only the cuts beside it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { CHUNK_LENGTHS, type ChunkLengths, chunkLength, listChunks } from '../../node/base/chunking.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { KIB, MIB } from '../../protocol/limits.ts'
import { bytesOf } from '../store/fixtures.ts'
import { noise } from '../swarm/fixtures.ts'
import { temporaryFolder } from './tiny.ts'

const SMALL: ChunkLengths = { least: 4 * KIB, mean: 16 * KIB, most: 64 * KIB }

function cuts(bytes: Uint8Array, lengths?: ChunkLengths): number[] {
  const found: number[] = []
  for (let start = 0; start < bytes.length; start += found.at(-1)!)
    found.push(chunkLength(bytes, start, lengths))
  return found
}

function hashesOf(bytes: Uint8Array, lengths: ChunkLengths): string[] {
  let start = 0
  return cuts(bytes, lengths).map(length => {
    const hash = createHash('sha256')
      .update(bytes.subarray(start, start + length))
      .digest('hex')
    start += length
    return hash
  })
}

test('where it cuts is pinned: another rule would share nothing with bases that are about', () => {
  assert.deepEqual(cuts(noise(2 * MIB, 3)), [325128, 421285, 348400, 356027, 297906, 326132, 22274])
  assert.deepEqual(cuts(new Uint8Array(MIB)), [1048576])
})

test('chunks cover the file within their bounds, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          length: fc.integer({ min: 0, max: 200 * KIB }),
          constant: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      pieces => {
        const bytes = Buffer.concat(
          pieces.map(({ seed, length, constant }) =>
            constant ? Buffer.alloc(length, seed & 255) : noise(length, seed),
          ),
        )
        const found = cuts(bytes, SMALL)
        assert.equal(
          found.reduce((sum, length) => sum + length, 0),
          bytes.length,
        )
        for (const [i, length] of found.entries()) {
          assert.ok(length <= SMALL.most)
          assert.ok(length >= SMALL.least || i === found.length - 1)
        }
      },
    ),
    { numRuns: 60, seed: 5 },
  )
})

test('an insertion, a removal or a change anywhere leaves nearly all chunks as they were', () => {
  const before = noise(4 * MIB, 11)
  const known = new Set(hashesOf(before, SMALL))
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: before.length - 1 }),
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 0, max: 5000 }),
      (at, removed, inserted) => {
        const rest = before.subarray(Math.min(before.length, at + removed))
        const after = Buffer.concat([before.subarray(0, at), bytesOf(`${at}`, inserted), rest])
        const fresh = hashesOf(after, SMALL).filter(hash => !known.has(hash))
        assert.ok(fresh.length <= 12, `${fresh.length} of ${known.size} chunks are new`)
      },
    ),
    { numRuns: 40, seed: 5 },
  )
})

test('lengths keep near the mean', () => {
  const lengths = cuts(noise(64 * MIB, 21))
  const mean = (64 * MIB) / lengths.length
  assert.ok(mean > 0.7 * CHUNK_LENGTHS.mean && mean < 1.5 * CHUNK_LENGTHS.mean, `mean ${mean}`)
  assert.ok(lengths.filter(length => length === CHUNK_LENGTHS.most).length <= 1)
})

test('a file is listed as its bytes are cut and hashed; one that gets shorter meanwhile is noticed', async context => {
  const folder = await temporaryFolder(context)
  for (const size of [0, 1, 4096, 300 * KIB, 3 * MIB + 17]) {
    const path = join(folder, `${size}`)
    const bytes = noise(size, size + 1)
    await writeFile(path, bytes)
    await using handle = await open(path)
    const list = await listChunks(handle, path, { lengths: SMALL })
    assert.deepEqual([...list.lengths], cuts(bytes, SMALL))
    assert.equal(Buffer.from(list.hashes).toString('hex'), hashesOf(bytes, SMALL).join(''))
  }
  await using handle = await open(join(folder, 'shrinks'), 'w+')
  await handle.write(noise(2 * MIB, 1))
  const reading = listChunks(handle, 'shrinks', { lengths: SMALL })
  await handle.stat()
  await handle.truncate(MIB)
  await assert.rejects(reading, error => isOppuError(error, 'TRUNCATED_FILE'))
  await assert.rejects(listChunks(handle, 'x', { lengths: { ...SMALL, least: 1 } }), TypeError)
  await assert.rejects(listChunks(handle, 'x', { signal: AbortSignal.abort(new Error('enough')) }), /enough/)
  await rm(join(folder, 'shrinks'))
})
