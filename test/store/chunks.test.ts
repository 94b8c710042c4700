import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, rm, rmdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Bases } from '../../node/store/bases.ts'
import { ChunkFolder, partialFolder } from '../../node/store/chunks.ts'
import { encodeManifest } from '../../protocol/manifest.ts'
import { Outline } from '../../protocol/outline.ts'
import { allFiles, bytesOf, manifestOf, outlineOf, scratch } from './fixtures.ts'

const FILES = {
  'config.json': bytesOf('config', 300),
  'empty.txt': new Uint8Array(0),
  'model.safetensors': bytesOf('model', 5 * 4096 + 17),
  'sub/tokenizer.json': bytesOf('tokenizer', 2 * 4096),
}
const MANIFEST = manifestOf(FILES)
const OUTLINE = Outline.ofVersion1(MANIFEST)

const chunkOf = (index: number) => {
  const { file, offset, length } = OUTLINE.chunk(index)
  return Object.values(FILES)[file]!.subarray(offset, offset + length)
}
/** config.json has chunk 0, model.safetensors 1 to 6, the tokenizer 7 and 8. */
const ALL = Array.from({ length: OUTLINE.count }, (_, index) => index)

test('chunks in any order, across attempts, become a base', async t => {
  const bases = join(await scratch(t), 'bases')
  const all = ALL.toReversed()
  {
    await using folder = await ChunkFolder.open(bases, OUTLINE)
    assert.equal(folder.totalChunks, 9)
    for (const index of all.slice(0, 4)) await folder.take(index, chunkOf(index))
    await assert.rejects(folder.finish(), { code: 'INVALID_DATA' })
  }
  assert.deepEqual(await Bases.open(bases).list(), [])
  await using folder = await ChunkFolder.open(bases, OUTLINE)
  assert.equal(folder.resumedChunks, 4)
  assert.deepEqual(
    all.filter(index => folder.has(index)),
    all.slice(0, 4),
  )
  await Promise.all(
    all.flatMap(index => [folder.take(index, chunkOf(index)), folder.take(index, chunkOf(index))]),
  )
  assert.equal(folder.verifiedBytes, 300 + 5 * 4096 + 17 + 2 * 4096)
  await folder.finish()
  await folder.finish()
  await assert.rejects(folder.take(0, chunkOf(0)), { code: 'CLOSED' })
  const root = join(bases, OUTLINE.id)
  const files = await allFiles(bases)
  assert.deepEqual(
    [...files.keys()].sort(),
    [
      ...Object.keys(FILES).map(path => join(root, 'files', path)),
      join(root, 'manifest'),
      join(root, 'pulled'),
    ].sort(),
  )
  for (const [path, bytes] of Object.entries(FILES))
    assert.ok(files.get(join(root, 'files', path))!.equals(bytes))
  assert.ok(files.get(join(root, 'manifest'))!.equals(encodeManifest(MANIFEST)))
})

test('an unfinished base of which the notes cannot be read is left as it is', async t => {
  const bases = await scratch(t)
  const notes = join(partialFolder(bases, OUTLINE.id), 'verified')
  {
    await using folder = await ChunkFolder.open(bases, OUTLINE)
    for (const index of ALL.slice(0, 3)) await folder.take(index, chunkOf(index))
  }
  await rename(notes, `${notes}.aside`)
  await mkdir(notes) // what is read fails, as on a bad disk
  await assert.rejects(ChunkFolder.open(bases, OUTLINE))
  await rmdir(notes)
  await rename(`${notes}.aside`, notes)
  await using folder = await ChunkFolder.open(bases, OUTLINE)
  assert.equal(folder.resumedChunks, 3)
})

test('a wrong chunk is refused and leaves no mark', async t => {
  const bases = await scratch(t)
  await using folder = await ChunkFolder.open(bases, OUTLINE)
  const wrong = Uint8Array.from(chunkOf(2))
  wrong[0]! ^= 1
  for (const bytes of [wrong, chunkOf(1), chunkOf(2).subarray(1), new Uint8Array(0)]) {
    assert.equal(await folder.take(2, bytes), false)
  }
  assert.equal(folder.has(2), false)
  for (const index of [9, -1, 0.5, Number.NaN]) await assert.rejects(folder.take(index, wrong), TypeError)
})

test('what is not certain is not believed: lost or odd notes, another boot, a shortened file', async t => {
  const bases = await scratch(t)
  const partial = partialFolder(bases, OUTLINE.id)
  const note = (name: string, bytes: Uint8Array) => writeFile(join(partial, name), bytes)
  const fill = async () => {
    await using folder = await ChunkFolder.open(bases, OUTLINE)
    for (const index of ALL.slice(0, 5)) await folder.take(index, chunkOf(index))
    return folder.verifiedChunks
  }
  const harms: readonly (readonly [number, () => Promise<void>])[] = [
    [5, () => note('written', new Uint8Array(0))],
    [5, () => note('written', new Uint8Array(36 + 2).fill(255))], // it begins with no boot's id
    [
      0,
      async () => {
        await note('verified', new Uint8Array(9).fill(255))
        await note('written', new Uint8Array(36 + 2).fill(255))
      },
    ],
    [1, () => truncate(join(partial, 'files', 'model.safetensors'), 4096)],
    [4, () => rm(join(partial, 'files', 'config.json'))],
  ]
  for (const [left, harm] of harms) {
    assert.equal(await fill(), 5)
    await harm()
    await using folder = await ChunkFolder.open(bases, OUTLINE)
    assert.equal(folder.resumedChunks, left)
  }
})

test('chunks can be read while others arrive, through the move, until it is closed', async t => {
  const bases = Bases.open(join(await scratch(t), 'bases'))
  const folder = await ChunkFolder.open(bases.folder, OUTLINE)
  const arrived: number[] = []
  const stop = folder.onArrival(index => arrived.push(index))
  await folder.take(3, chunkOf(3))
  assert.deepEqual([folder.has(3), folder.has(4), folder.complete], [true, false, false])
  assert.deepEqual(await folder.read(3), Uint8Array.from(chunkOf(3)))
  await assert.rejects(folder.read(4), { code: 'NOT_FOUND' })
  await assert.rejects(folder.read(9), TypeError)
  for (const index of ALL.slice(0, 5)) await folder.take(index, chunkOf(index))
  stop()
  for (const index of ALL) await folder.take(index, chunkOf(index))
  assert.deepEqual(arrived, [3, 0, 1, 2, 4])
  const [, ...read] = await Promise.all([folder.finish(), ...ALL.map(index => folder.read(index))])
  assert.deepEqual(
    read,
    ALL.map(index => Uint8Array.from(chunkOf(index))),
  )
  assert.equal(folder.complete, true)
  assert.deepEqual(await folder.read(5), Uint8Array.from(chunkOf(5)))
  await folder.close()
  await assert.rejects(folder.read(5), { code: 'CLOSED' })
})

test('killed in the middle, it resumes with true chunks only', { timeout: 20_000 }, async t => {
  const bases = join(await scratch(t), 'bases')
  const writer = spawn(
    process.execPath,
    [fileURLToPath(new URL('chunk-writer.ts', import.meta.url)), bases],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  for await (const piece of writer.stdout) {
    output += String(piece)
    if (output.split('\n').length > 200) break
  }
  writer.kill('SIGKILL')
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
  const content = bytesOf('big', 400 * 4096)
  await using folder = await ChunkFolder.open(bases, outlineOf({ 'model.bin': content }))
  const least = process.platform === 'linux' ? 198 : 60
  assert.ok(folder.resumedChunks >= least, `only ${folder.resumedChunks} chunks were kept`)
  const onDisk = await readFile(join(partialFolder(bases, folder.id), 'files', 'model.bin'))
  for (let c = 0; c < 400; c++) {
    if (folder.has(c))
      assert.ok(onDisk.subarray(c * 4096, (c + 1) * 4096).equals(content.subarray(c * 4096, (c + 1) * 4096)))
    else await folder.take(c, content.subarray(c * 4096, (c + 1) * 4096))
  }
  await folder.finish()
  await using source = await Bases.open(bases).source(folder.id)
  await source.verify(0)
})

test('a base that cannot fit is refused before its first byte', async t => {
  const bases = await scratch(t)
  const chunk = MANIFEST.files[0]!.chunks[0]!
  const size = 127 * 2 ** 30
  const chunkSize = 4 << 20
  const huge = {
    ...MANIFEST,
    chunkSize,
    files: [{ path: 'huge', size, chunks: Array.from({ length: size / chunkSize }, () => chunk) }],
  }
  const { statfs } = await import('node:fs/promises')
  const { bavail, bsize } = await statfs(bases)
  if (bavail * bsize > size) return t.skip('this disk has room for 127 GiB')
  await assert.rejects(ChunkFolder.open(bases, Outline.ofVersion1(huge)), { code: 'DISK_FULL' })
  assert.deepEqual([...(await allFiles(bases)).keys()], [])
})

test('bases: list, find, read, remove, and damage', async t => {
  const bases = Bases.open(join(await scratch(t), 'bases'))
  assert.deepEqual(await bases.list(), [])
  await using folder = await ChunkFolder.open(bases.folder, OUTLINE)
  for (const index of ALL) await folder.take(index, chunkOf(index))
  await folder.finish()
  const id = OUTLINE.id
  await mkdir(join(bases.folder, 'not a base'))
  assert.deepEqual(
    (await bases.list()).map(base => base.id),
    [id],
  )
  assert.equal((await bases.find('test-base')).id, id)
  assert.equal((await bases.find(id.slice(0, 6))).id, id)
  await assert.rejects(bases.find('nothing'), { code: 'NOT_FOUND' })
  const source = await bases.source(id)
  for (const index of ALL) assert.deepEqual(await source.read(index), Uint8Array.from(chunkOf(index)))
  await assert.rejects(source.read(9), TypeError)
  for (const file of MANIFEST.files.keys()) await source.verify(file)
  const model = join(bases.folder, id, 'files', 'model.safetensors')
  const bytes = await readFile(model)
  bytes[5000]! ^= 1
  await writeFile(model, bytes)
  await assert.rejects(source.verify(2), { code: 'HASH_MISMATCH' })
  await truncate(model, 100)
  await assert.rejects(source.read(4), { code: 'TRUNCATED_FILE' })
  await rm(join(bases.folder, id, 'files', 'sub'), { recursive: true })
  await using another = await bases.source(id)
  await assert.rejects(another.read(7), { code: 'NOT_FOUND' })
  await source.close()
  await assert.rejects(source.read(0), { code: 'CLOSED' })
  await writeFile(join(bases.folder, id, 'manifest'), encodeManifest({ ...MANIFEST, name: 'other' }))
  await assert.rejects(bases.get(id), { code: 'HASH_MISMATCH' })
  assert.equal(await bases.remove(id), true)
  assert.equal(await bases.remove(id), false)
  assert.equal(await bases.get(id), undefined)
})
