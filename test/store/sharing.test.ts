/** What the next version of a base needs from peers when the one before is here, and that only right bytes are shared. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { Bases } from '../../node/store/bases.ts'
import { ChunkIndex } from '../../node/store/chunk-index.ts'
import { partialFolder } from '../../node/store/chunks.ts'
import { beginPull } from '../../node/store/sharing.ts'
import { KIB } from '../../protocol/limits.ts'
import type { Outline } from '../../protocol/outline.ts'
import { noise } from '../swarm/fixtures.ts'
import { allFiles, bytesOf, scratch, storeBase } from './fixtures.ts'

const SMALL = { least: 4 * KIB, mean: 16 * KIB, most: 64 * KIB }

/** Two nodes' folders of bases: what is published is in `there`, who pulls has `here`. */
async function homes(t: TestContext) {
  const home = await scratch(t)
  const [here, there] = [join(home, 'here'), join(home, 'there')]
  for (const folder of [here, there]) await mkdir(folder)
  return { here: Bases.open(here), there: Bases.open(there) }
}

/** What is left to fetch, fetched from the other folder. */
async function fetchRest(from: Bases, outline: Outline, begun: Awaited<ReturnType<typeof beginPull>>) {
  await using source = await from.source(outline.id)
  let fetched = 0
  for (let index = 0; index < outline.count; index++) {
    if (begun.folder.has(index)) continue
    const bytes = await source.read(index)
    await begun.folder.take(index, bytes)
    fetched += bytes.length
  }
  await begun.folder.finish()
  await begun.folder.close()
  return fetched
}

/** 64 MB of which 10 % are changed, in three places, and something is inserted near the beginning. */
function nextVersion(before: Uint8Array): Uint8Array {
  const after = Uint8Array.from(before)
  const piece = Math.floor(before.length / 30)
  for (const [i, share] of [0.2, 0.5, 0.8].entries())
    after.set(noise(piece, 100 + i), Math.floor(before.length * share))
  return Uint8Array.from(
    Buffer.concat([after.subarray(0, 100_000), bytesOf('new', 12_345), after.subarray(100_000)]),
  )
}

test('of a next version with 90 % of its bytes unchanged, at most 15 % are fetched', async t => {
  const { here, there } = await homes(t)
  const weights = noise(64_000_000, 5)
  const head = { 'config.json': bytesOf('config', 900), 'tokenizer.json': noise(2_000_000, 6) }
  await storeBase(here.folder, { ...head, 'model.safetensors': weights }, { name: 'one' })
  const next = { ...head, 'model.safetensors': nextVersion(weights) }
  const outline = await storeBase(there.folder, next, { name: 'two' })
  const told: number[] = []
  const begun = await beginPull(here, outline, { onProgress: bytes => told.push(bytes) })
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  )
  assert.equal(told.at(-1), begun.shared)
  const fetched = await fetchRest(there, outline, begun)
  t.diagnostic(`swarm.next_version_bytes ${(fetched / outline.bytes).toFixed(4)}`)
  assert.equal(begun.shared + fetched, outline.bytes)
  assert.equal(begun.linked, 2_000_900)
  assert.ok(fetched / outline.bytes <= 0.15, `${fetched} of ${outline.bytes} bytes fetched`)
  for (const [path, bytes] of Object.entries(next))
    assert.ok(Buffer.from(bytes).equals(await readFile(join(here.folder, outline.id, 'files', path))), path)
})

test('a file that is equal is linked, one that is damaged or gone is not, and nothing wrong is shared', async t => {
  const { here, there } = await homes(t)
  const files = { a: noise(300_000, 1), b: noise(300_000, 3), c: noise(300_000, 5), empty: new Uint8Array(0) }
  const one = await storeBase(here.folder, files, { name: 'one', lengths: SMALL })
  const two = await storeBase(there.folder, files, { name: 'two', lengths: SMALL })
  const damaged = Uint8Array.from(files.b)
  damaged[150_000]! ^= 1
  await writeFile(join(here.folder, one.id, 'files', 'b'), damaged)
  await rm(join(here.folder, one.id, 'files', 'c'))
  const begun = await beginPull(here, two)
  assert.equal(begun.linked, 300_000)
  const wrong = two.list(1).lengths.find((_, i) => {
    const { offset, length } = two.chunk(two.firstOf(1) + i)
    return offset <= 150_000 && 150_000 < offset + length
  })!
  assert.equal(begun.shared, 600_000 - wrong)
  assert.equal(await fetchRest(there, two, begun), 300_000 + wrong)
  const inode = async (outline: Outline, path: string) =>
    (await stat(join(here.folder, outline.id, 'files', path))).ino
  assert.equal(await inode(one, 'a'), await inode(two, 'a'))
  assert.notEqual(await inode(one, 'b'), await inode(two, 'b'))
  await using source = await here.source(two.id)
  assert.deepEqual(await source.damaged({}), [])
  assert.equal((await allFiles(join(here.folder, two.id))).size, 7)

  await using index = await ChunkIndex.open(here)
  const first = two.hash(0)
  assert.deepEqual(
    index
      .places(first)
      .map(({ base }) => base.id)
      .sort(),
    [one.id, two.id].sort(),
  )
  await using other = await ChunkIndex.open(here, one.id)
  assert.deepEqual(
    other.places(first).map(({ base }) => base.id),
    [two.id],
  )
})

test('chunks shared within a base and of other places count too, and a pull cut short shares again', async t => {
  const { here, there } = await homes(t)
  const [a, b] = [noise(200_000, 1), noise(200_000, 3)]
  await storeBase(here.folder, { old: Buffer.concat([a, b]) }, { name: 'one', lengths: SMALL })
  const outline = await storeBase(
    there.folder,
    { new: Buffer.concat([noise(50_000, 9), a, b]) },
    { name: 'two', lengths: SMALL },
  )
  const stop = new AbortController()
  const cut = beginPull(here, outline, {
    signal: stop.signal,
    onProgress: bytes => bytes > 100_000 && stop.abort(new Error('cut')),
  })
  await assert.rejects(cut, /cut/)
  const begun = await beginPull(here, outline)
  assert.ok(begun.folder.resumedChunks > 0)
  assert.ok((await fetchRest(there, outline, begun)) < 50_000 + 2 * SMALL.most)
})

test('a file with another name elsewhere is never written to', async t => {
  const { here, there } = await homes(t)
  const bytes = noise(300_000, 1)
  const outline = await storeBase(there.folder, { a: bytes }, { lengths: SMALL })
  const partial = partialFolder(here.folder, outline.id)
  const begun = await beginPull(here, outline)
  await begun.folder.take(0, bytes.slice(0, outline.length(0)))
  await begun.folder.close()
  const backup = join(here.folder, 'backup')
  await link(join(partial, 'files', 'a'), backup)
  const before = await readFile(backup)
  const again = await beginPull(here, outline)
  assert.equal(again.folder.resumedChunks, 0)
  await fetchRest(there, outline, again)
  assert.deepEqual(await readFile(backup), before)
})

test('whether a base fits is said before its first byte, and what is linked takes no space', async t => {
  const { here, there } = await homes(t)
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', here.folder])
  } catch (error) {
    t.skip(`no disk of its own can be made here: ${(error as Error).message.trim()}`)
    return
  }
  await using mounted = new AsyncDisposableStack()
  mounted.defer(async () => void (await promisify(execFile)('umount', [here.folder])))
  const weights = noise(20_000_000, 1)
  await storeBase(here.folder, { weights }, { name: 'one' })
  const another = await storeBase(there.folder, { weights: noise(20_000_000, 3) }, { name: 'another' })
  await assert.rejects(beginPull(here, another), { code: 'DISK_FULL' })
  const next = await storeBase(there.folder, { weights, more: noise(2_000_000, 5) }, { name: 'next' })
  const begun = await beginPull(here, next)
  assert.equal(begun.linked, 20_000_000)
  assert.equal(await fetchRest(there, next, begun), 2_000_000)
  assert.equal((await readdir(here.folder)).length, 2, 'nothing is left of the one that did not fit')
})
