/** What is cleared away, and above all what is not. */
import assert from 'node:assert/strict'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { planGc, runGc } from '../../node/base/gc.ts'
import { Bases } from '../../node/store/bases.ts'
import { ChunkFolder, partialFolder } from '../../node/store/chunks.ts'
import { noteImported, setPinned, writePulled } from '../../node/store/origin.ts'
import { beginPull } from '../../node/store/sharing.ts'
import { type BaseId, shortId } from '../../protocol/ids.ts'
import { bytesOf, outlineOf, scratch, storeBase } from '../store/fixtures.ts'
import { noise } from '../swarm/fixtures.ts'

const NONE = { bases: new Map<BaseId, string>() }
const DAY = 24 * 3600 * 1000

async function basesOf(t: TestContext): Promise<Bases> {
  const folder = join(await scratch(t), 'bases')
  await mkdir(folder)
  return Bases.open(folder)
}

/** Bases by the letters of their content, pulled one after the other. */
async function pulled(
  bases: Bases,
  ...versions: readonly (readonly [seed: string, name: string, as?: string])[]
) {
  const ids: BaseId[] = []
  for (const [at, [seed, name, as]] of versions.entries()) {
    const { id } = await storeBase(bases.folder, { file: bytesOf(seed, 50_000) }, { name })
    await writePulled(join(bases.folder, id), { at: at + 1, ...(as === undefined ? {} : { as }) })
    ids.push(id)
  }
  return ids
}

test('a version that a later one replaced goes, and nothing else', async t => {
  const bases = await basesOf(t)
  const [old, next, other] = await pulled(bases, ['1', 'model'], ['2', 'model'], ['3', 'another'])
  const imported = await storeBase(bases.folder, { file: bytesOf('4', 9) }, { name: 'model' })
  const plan = await planGc(bases, NONE)
  assert.deepEqual(plan.keep, [])
  assert.deepEqual(
    plan.remove.map(({ kind, id, name }) => [kind, id, name]),
    [['superseded base', old, 'model']],
  )
  assert.ok(plan.remove[0]!.why.includes(shortId(next!)))
  assert.ok(plan.remove[0]!.bytes >= 50_000)
  await runGc(bases, plan)
  const left = (await bases.list()).map(({ id }) => id)
  assert.deepEqual(left.sort(), [next!, other!, imported.id].sort())
  assert.deepEqual(await planGc(bases, NONE), { remove: [], keep: [] })
})

test('one of the same release is replaced too, under whatever name', async t => {
  const bases = await basesOf(t)
  const [old] = await pulled(
    bases,
    ['1', 'model-1', 'model:stable'],
    ['2', 'model-2', 'model:stable'],
    ['3', 'model-3', 'model:next'],
  )
  const { remove } = await planGc(bases, NONE)
  assert.deepEqual(
    remove.map(({ id }) => id),
    [old],
  )
})

test('what was imported, pinned, or is needed stays, and it is said why', async t => {
  const bases = await basesOf(t)
  const [one, two, three] = await pulled(bases, ['1', 'm'], ['2', 'm'], ['3', 'm'], ['4', 'm'])
  await noteImported(join(bases.folder, one!))
  await setPinned(join(bases.folder, two!), true)
  const needs = { bases: new Map([[three!, 'adapter 12ab was trained on it']]) }
  const plan = await planGc(bases, needs)
  assert.deepEqual(plan.remove, [])
  assert.deepEqual(
    plan.keep.map(({ id, why }) => [id, why]).sort(),
    [
      [two, 'it is pinned'],
      [three, 'adapter 12ab was trained on it'],
    ].sort(),
  )
  await setPinned(join(bases.folder, two!), false)
  const unsure = await planGc(bases, { ...NONE, all: 'nobody knows' })
  assert.deepEqual([unsure.remove, unsure.keep.map(({ why }) => why)], [[], ['nobody knows', 'nobody knows']])
  assert.deepEqual(
    (await planGc(bases, needs)).remove.map(({ id }) => id),
    [two],
  )
})

test('what was cut short goes after a week; a damaged base when nothing needs it', async t => {
  const bases = await basesOf(t)
  const outline = outlineOf({ file: bytesOf('x', 9000) })
  await (await ChunkFolder.open(bases.folder, outline)).close()
  const partial = partialFolder(bases.folder, outline.id)
  const fresh = await planGc(bases, NONE)
  assert.deepEqual([fresh.remove, fresh.keep.map(({ path }) => path)], [[], [partial]])
  const later = Date.now() + 8 * DAY
  assert.deepEqual(
    (await planGc(bases, NONE, later)).remove.map(({ kind, path }) => [kind, path]),
    [['pull', partial]],
  )
  await mkdir(join(partial, 'parts'))
  await writeFile(join(partial, 'parts', 'large'), 'x')
  await utimes(join(partial, 'parts', 'large'), later / 1000, later / 1000)
  assert.deepEqual((await planGc(bases, NONE, later)).remove, [], 'a file deep in it grew of late')
  const { id } = await storeBase(bases.folder, { file: bytesOf('y', 9000) })
  await writeFile(join(bases.folder, id, 'manifest'), 'no manifest')
  const damaged = join(bases.folder, id)
  const imported = await planGc(bases, NONE)
  assert.deepEqual([imported.remove, imported.keep.at(-1)?.path], [[], damaged], 'what was imported stays')
  await writePulled(damaged, { at: 1 })
  await setPinned(damaged, true)
  assert.deepEqual((await planGc(bases, NONE)).remove, [], 'and what is pinned')
  await setPinned(damaged, false)
  assert.deepEqual(
    (await planGc(bases, NONE)).remove.map(({ path }) => path),
    [damaged],
  )
  const needed = await planGc(bases, { bases: new Map([[id, 'needed']]) })
  assert.deepEqual(needed.remove, [])
  await runGc(bases, await planGc(bases, NONE))
  assert.deepEqual(await readdir(bases.folder), [`.${outline.id}.partial`])
})

test('files that another base has too are not counted as freed', async t => {
  const bases = await basesOf(t)
  const there = await basesOf(t)
  const file = noise(2_000_000, 1)
  const first = await storeBase(there.folder, { file }, { name: 'm' })
  const second = await storeBase(there.folder, { file, more: bytesOf('m', 10) }, { name: 'm' })
  for (const { id } of [first, second]) {
    await using source = await there.source(id)
    const { folder } = await beginPull(bases, source.outline)
    for (let index = 0; index < source.outline.count; index++) {
      await folder.take(index, await source.read(index))
    }
    await folder.finish()
    await folder.close()
  }
  await writePulled(join(bases.folder, first.id), { at: 1 })
  const { remove } = await planGc(bases, NONE)
  assert.deepEqual(
    remove.map(({ id }) => id),
    [first.id],
  )
  assert.ok(remove[0]!.bytes < 100_000, `${remove[0]!.bytes} bytes`)
  await runGc(bases, { remove, keep: [] })
  await using source = await bases.source(second.id)
  assert.deepEqual(await source.damaged({}), [])
})
