import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Bases } from '../../node/store/bases.ts'
import { ChunkFolder, partialFolder } from '../../node/store/chunks.ts'
import { type BaseManifest, baseId, encodeManifest, HashedChunk } from '../../protocol/manifest.ts'
import { allFiles, bytesOf, manifestOf, scratch } from './fixtures.ts'

const FILES = {
  'config.json': bytesOf('config', 300),
  'empty.txt': new Uint8Array(0),
  'model.safetensors': bytesOf('model', 5 * 4096 + 17),
  'sub/tokenizer.json': bytesOf('tokenizer', 2 * 4096),
}
const MANIFEST = manifestOf(FILES)

const chunkOf = (file: number, chunk: number) =>
  Object.values(FILES)[file]!.subarray(chunk * 4096, (chunk + 1) * 4096)
const hashed = (file: number, chunk: number) => new HashedChunk(chunkOf(file, chunk))
const places = (manifest: BaseManifest) =>
  manifest.files.flatMap((file, f) => file.chunks.map((_, c) => [f, c] as const))

test('chunks in any order, across attempts, become a base', async t => {
  const bases = join(await scratch(t), 'bases')
  const all = places(MANIFEST).toReversed()
  {
    await using folder = await ChunkFolder.open(bases, MANIFEST)
    assert.equal(folder.totalChunks, 9)
    for (const [f, c] of all.slice(0, 4)) await folder.write(f, c, hashed(f, c))
    await assert.rejects(folder.finish(), { code: 'INVALID_DATA' })
  }
  assert.deepEqual(await Bases.open(bases).list(), [])
  await using folder = await ChunkFolder.open(bases, MANIFEST)
  assert.equal(folder.resumedChunks, 4)
  assert.deepEqual(
    all.filter(([f, c]) => folder.has(f, c)),
    all.slice(0, 4),
  )
  await Promise.all(
    all.flatMap(([f, c]) => [folder.write(f, c, hashed(f, c)), folder.write(f, c, hashed(f, c))]),
  )
  assert.equal(folder.verifiedBytes, 300 + 5 * 4096 + 17 + 2 * 4096)
  await folder.finish()
  await folder.finish()
  await assert.rejects(folder.write(0, 0, hashed(0, 0)), { code: 'CLOSED' })
  const root = join(bases, baseId(MANIFEST))
  const files = await allFiles(bases)
  assert.deepEqual(
    [...files.keys()].sort(),
    [...Object.keys(FILES).map(path => join(root, 'files', path)), join(root, 'manifest')].sort(),
  )
  for (const [path, bytes] of Object.entries(FILES))
    assert.ok(files.get(join(root, 'files', path))!.equals(bytes))
  assert.ok(files.get(join(root, 'manifest'))!.equals(encodeManifest(MANIFEST)))
})

test('a wrong chunk is refused and leaves no mark', async t => {
  const bases = await scratch(t)
  await using folder = await ChunkFolder.open(bases, MANIFEST)
  const wrong = Uint8Array.from(chunkOf(2, 1))
  wrong[0]! ^= 1
  for (const bytes of [wrong, chunkOf(2, 0), chunkOf(2, 1).subarray(1), new Uint8Array(0)]) {
    await assert.rejects(folder.write(2, 1, new HashedChunk(bytes)), { code: 'HASH_MISMATCH' })
  }
  assert.equal(folder.has(2, 1), false)
  await assert.rejects(folder.write(4, 0, new HashedChunk(wrong)), TypeError)
  await assert.rejects(folder.write(1, 0, new HashedChunk(wrong)), TypeError)
  await assert.rejects(folder.write(2, 0.5, new HashedChunk(wrong)), TypeError)
})

test('what is not certain is not believed: a lost or odd bitmap, a shortened file', async t => {
  const bases = await scratch(t)
  const partial = partialFolder(bases, baseId(MANIFEST))
  const fill = async () => {
    await using folder = await ChunkFolder.open(bases, MANIFEST)
    for (const [f, c] of places(MANIFEST).slice(0, 5)) await folder.write(f, c, hashed(f, c))
    return folder.verifiedChunks
  }
  for (const harm of [
    () => writeFile(join(partial, 'verified'), new Uint8Array(0)),
    () => writeFile(join(partial, 'verified'), new Uint8Array(9).fill(255)),
    () => truncate(join(partial, 'files', 'model.safetensors'), 4096),
  ]) {
    assert.equal(await fill(), 5)
    await harm()
    await using folder = await ChunkFolder.open(bases, MANIFEST)
    assert.equal(folder.resumedChunks, 0)
  }
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
  const manifest = manifestOf({ 'model.bin': content })
  await using folder = await ChunkFolder.open(bases, manifest)
  assert.ok(folder.resumedChunks >= 60, `only ${folder.resumedChunks} chunks were kept`)
  const onDisk = await readFile(join(partialFolder(bases, folder.id), 'files', 'model.bin'))
  for (let c = 0; c < 400; c++) {
    if (folder.has(0, c))
      assert.ok(onDisk.subarray(c * 4096, (c + 1) * 4096).equals(content.subarray(c * 4096, (c + 1) * 4096)))
    else await folder.write(0, c, new HashedChunk(content.subarray(c * 4096, (c + 1) * 4096)))
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
  await assert.rejects(ChunkFolder.open(bases, huge), { code: 'DISK_FULL' })
  assert.deepEqual([...(await allFiles(bases)).keys()], [])
})

test('bases: list, find, read, remove, and damage', async t => {
  const bases = Bases.open(join(await scratch(t), 'bases'))
  assert.deepEqual(await bases.list(), [])
  await using folder = await ChunkFolder.open(bases.folder, MANIFEST)
  for (const [f, c] of places(MANIFEST)) await folder.write(f, c, hashed(f, c))
  await folder.finish()
  const id = baseId(MANIFEST)
  await mkdir(join(bases.folder, 'not a base'))
  assert.deepEqual(
    (await bases.list()).map(base => base.id),
    [id],
  )
  assert.equal((await bases.find('test-base')).id, id)
  assert.equal((await bases.find(id.slice(0, 6))).id, id)
  await assert.rejects(bases.find('nothing'), { code: 'NOT_FOUND' })
  const source = await bases.source(id)
  for (const [f, c] of places(MANIFEST))
    assert.deepEqual(await source.read(f, c), Uint8Array.from(chunkOf(f, c)))
  await assert.rejects(source.read(9, 0), TypeError)
  for (const file of MANIFEST.files.keys()) await source.verify(file)
  const model = join(bases.folder, id, 'files', 'model.safetensors')
  const bytes = await readFile(model)
  bytes[5000]! ^= 1
  await writeFile(model, bytes)
  await assert.rejects(source.verify(2), { code: 'HASH_MISMATCH' })
  await truncate(model, 100)
  await assert.rejects(source.read(2, 3), { code: 'TRUNCATED_FILE' })
  await rm(join(bases.folder, id, 'files', 'sub'), { recursive: true })
  await using another = await bases.source(id)
  await assert.rejects(another.read(3, 0), { code: 'NOT_FOUND' })
  await source.close()
  await assert.rejects(source.read(0, 0), { code: 'CLOSED' })
  await writeFile(join(bases.folder, id, 'manifest'), encodeManifest({ ...MANIFEST, name: 'other' }))
  await assert.rejects(bases.get(id), { code: 'HASH_MISMATCH' })
  assert.equal(await bases.remove(id), true)
  assert.equal(await bases.remove(id), false)
  assert.equal(await bases.get(id), undefined)
})
