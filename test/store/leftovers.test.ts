import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Bases } from '../../node/store/bases.ts'
import { ChunkFolder } from '../../node/store/chunks.ts'
import { leftovers, removeLeftovers } from '../../node/store/leftovers.ts'
import { lock } from '../../node/store/lock.ts'
import { baseId, type ManifestV1 } from '../../protocol/manifest.ts'
import { Outline } from '../../protocol/outline.ts'
import { allFiles, bytesOf, manifestOf, outlineOf, scratch } from './fixtures.ts'

const CONTENT = bytesOf('content', 4096)
/** No process has so high an id. */
const GONE = 2 ** 30

async function store(bases: Bases, manifest: ManifestV1): Promise<string> {
  await using folder = await ChunkFolder.open(bases.folder, Outline.ofVersion1(manifest))
  await folder.take(0, CONTENT)
  await folder.finish()
  return join(bases.folder, folder.id)
}

async function basesOf(t: TestContext): Promise<Bases> {
  return Bases.open(join(await scratch(t), 'bases'))
}

test('what was cut short or damaged is listed with its size and removed when asked; bases stay', async t => {
  const bases = await basesOf(t)
  assert.deepEqual(await leftovers(bases), [])
  const good = manifestOf({ good: CONTENT })
  const path = await store(bases, good)
  const broken = await store(bases, manifestOf({ broken: CONTENT }))
  await writeFile(join(broken, 'manifest'), 'no manifest')
  await using pulled = await ChunkFolder.open(bases.folder, outlineOf({ pulled: CONTENT }))
  await pulled.close()
  await writeFile(join(path, `weights.f32.${GONE}.tmp`), CONTENT)
  await writeFile(join(path, `weights.f32.${process.pid}.tmp`), CONTENT)
  const incoming = (name: string) => join(bases.folder, '.incoming', name)
  for (const name of ['aa', 'bb', 'cc']) await mkdir(join(incoming(name), 'parts'), { recursive: true })
  await writeFile(join(incoming('aa'), 'parts', 'model'), CONTENT)
  await writeFile(incoming('bb.lock'), String(GONE))
  const unlock = await lock(incoming('cc.lock'), 'an import')
  await assert.rejects(lock(incoming('cc.lock'), 'an import'), { code: 'IN_USE' })
  await mkdir(join(bases.folder, `.${'0'.repeat(64)}.removed`))

  const kinds = ['conversion', 'damaged base', 'import', 'import', 'pull', 'removal']
  const found = await leftovers(bases)
  assert.deepEqual(found.map(({ kind }) => kind).sort(), kinds)
  assert.ok(found.find(({ path }) => path === incoming('aa'))!.bytes >= CONTENT.length)
  assert.deepEqual(await removeLeftovers(bases), found)
  assert.deepEqual(await leftovers(bases), [], 'the import under way is none')
  await unlock()
  assert.deepEqual(
    (await leftovers(bases)).map(({ path }) => path),
    [incoming('cc')],
  )
  assert.deepEqual(
    (await bases.list()).map(({ id }) => id),
    [baseId(good)],
  )
  assert.equal((await allFiles(path)).size, 4)
})

test('a damaged manifest hides no other base, and a pull puts a whole base in its place', async t => {
  const bases = await basesOf(t)
  const [one, two] = [manifestOf({ one: CONTENT }), manifestOf({ two: CONTENT })]
  const broken = await store(bases, one)
  await store(bases, two)
  await writeFile(join(broken, 'manifest'), 'no manifest')
  assert.deepEqual(
    (await bases.list()).map(({ id }) => id),
    [baseId(two)],
  )
  assert.equal(await store(bases, one), broken)
  assert.equal((await bases.list()).length, 2)
})
